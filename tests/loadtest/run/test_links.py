"""Links into a class, and texts that must not tell them."""

from loadtest.run.links import join_link, without_tokens

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.Zm9v_-YmFy"


def test_a_link_shows_its_class_but_not_its_token() -> None:
    link = join_link("https://live.example.com", "maths", TOKEN)
    assert link == f"https://live.example.com/class/maths?t={TOKEN}"
    assert without_tokens(f"no answer from {link}, 2 times") == (
        "no answer from https://live.example.com/class/maths?t=..., 2 times"
    )
    assert without_tokens(f"{link} {link}&t={TOKEN}").count("t=...") == 3
    assert without_tokens("https://x/?page=2") == "https://x/?page=2"
