"""Who may enter a paid class: catalogue, payment, enrolment. See docs/payments.md."""
