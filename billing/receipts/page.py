"""A receipt as an HTML page of its own: no script, prints on one A4 page.
Pure: no I/O, no clock."""

from html import escape
from string import Template

from billing.receipts.document import PrintedReceipt

# Nothing but our own stylesheet and icon.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

_FRAME = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>$title</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/css/site/receipt.css">
</head>
<body>
$body
</body>
</html>
""")

_RECEIPT = Template("""<nav aria-label="Receipt">
<a href="/me#receipts">My receipts</a><a href="$pdf" download>Download PDF</a>
</nav>
<main>
<header>
<address><img src="/static/icon.svg" alt="" width="44" height="44"><div>$seller</div></address>
<div class="what"><h1>$title</h1><p class="number">$number</p><p>$date</p></div>
</header>
<section class="parties">
<div><h2>Billed to</h2>$buyer</div>
<dl>$facts</dl>
</section>
<table>
<thead><tr>
<th scope="col">Description</th><th scope="col">HSN/SAC</th><th scope="col">Amount</th>
</tr></thead>
<tbody><tr><td>$item</td><td>$hsn_sac</td><td>$price</td></tr></tbody>
<tfoot>
$sums<tr class="total"><th scope="row" colspan="2">$total_label</th><td>$total</td></tr>
</tfoot>
</table>
<p class="words">$words</p>
<footer>$notes</footer>
</main>""")

_MISSING = Template("""<nav aria-label="Receipt"><a href="/me#receipts">My receipts</a></nav>
<main><h1>No such receipt</h1><p>$message</p></main>""")


def render(printed: PrintedReceipt, pdf_url: str) -> str:
    """The page; everything in it is escaped."""
    body = _RECEIPT.substitute(
        {
            "title": escape(printed.title),
            "number": escape(printed.number),
            "date": escape(printed.date),
            "pdf": escape(pdf_url),
            "seller": _lines(printed.seller),
            "buyer": _lines(printed.buyer),
            "facts": "".join(_fact(label, value) for label, value in printed.facts),
            "item": escape(printed.item),
            "hsn_sac": escape(printed.hsn_sac),
            "price": escape(printed.price),
            "sums": "".join(_sum(label, value) for label, value in printed.sums),
            "total_label": escape(printed.total_label),
            "total": escape(printed.total),
            "words": escape(printed.words),
            "notes": "".join(f"<p>{escape(note)}</p>" for note in printed.notes),
        }
    )
    return _FRAME.substitute(title=escape(f"{printed.title} {printed.number}"), body=body)


def render_missing(message: str) -> str:
    """The page where a receipt is not, or not for this person."""
    body = _MISSING.substitute(message=escape(message))
    return _FRAME.substitute(title="No such receipt", body=body)


def _lines(lines: tuple[str, ...]) -> str:
    first, *rest = lines
    return f"<p><strong>{escape(first)}</strong></p>" + "".join(
        f"<p>{escape(line)}</p>" for line in rest
    )


def _fact(label: str, value: str) -> str:
    return f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>"


def _sum(label: str, value: str) -> str:
    return f'<tr><th scope="row" colspan="2">{escape(label)}</th><td>{escape(value)}</td></tr>'
