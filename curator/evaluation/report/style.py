"""How a report looks: light, dark where the reader's screen is, and on paper always light."""

from __future__ import annotations

from typing import Final

# Text on its ground, also on the tints of the tables, has a contrast of 4.5:1 or more in both schemes.
_LIGHT: Final = (
    "--ground:#fff;--pane:#f4f5f7;--line:#d3d7dc;--text:#1b1d20;--dim:#555c64;--accent:#1f66a3;"
    "--second:#9a5600;--good:#dcf0e4;--bad:#f9e1dd;--look:#8a5300;--fine:#1c6b41"
)
_DARK: Final = (
    "--ground:#17181a;--pane:#1e2022;--line:#3a3f45;--text:#e4e6e8;--dim:#a3abb3;--accent:#6ab2ee;"
    "--second:#e0ab4b;--good:#1e3a2b;--bad:#4a2620;--look:#e0ab4b;--fine:#63c493"
)

STYLE: Final = f"""
:root{{color-scheme:light dark;{_LIGHT}}}
@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}
*{{box-sizing:border-box}}
body{{margin:0;font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;color:var(--text);
background:var(--ground)}}
main,header,nav,footer{{max-width:62rem;margin:0 auto;padding:0 1.25rem}}
header{{padding-top:2rem}}
h1{{font-size:1.7rem;line-height:1.2;margin:0 0 .3rem;overflow-wrap:anywhere}}
h2{{font-size:1.25rem;margin:2.6rem 0 .6rem;padding-top:.7rem;border-top:1px solid var(--line)}}
h3{{font-size:1rem;margin:1.6rem 0 .4rem}}
p{{margin:.4rem 0 .8rem;max-width:46rem}}
a{{color:var(--accent)}}
.skip{{position:absolute;left:-999px}}.skip:focus{{left:1rem;top:.5rem;background:var(--ground);padding:.3rem}}
.dim,figcaption,caption{{color:var(--dim)}}
nav ol{{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;padding:0;margin:1rem 0 0;font-size:.9rem}}
.wide{{overflow-x:auto;margin:.6rem 0 1rem}}
table{{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.93rem}}
caption{{text-align:left;padding-bottom:.35rem;font-size:.88rem;min-width:15rem}}
th,td{{padding:.28rem .9rem .28rem 0;text-align:right;vertical-align:top;border-bottom:1px solid var(--line)}}
th:last-child,td:last-child{{padding-right:.3rem}}
th:first-child{{text-align:left;padding-left:.3rem}}
tbody th{{font-weight:500}}
thead th{{color:var(--dim);font-weight:500;vertical-align:bottom}}
.words th,.words td{{text-align:left}}td.range{{white-space:nowrap}}
.words tbody th{{white-space:nowrap}}
td.right{{background:var(--good)}}td.wrong{{background:var(--bad)}}
.matrix td,.matrix th{{padding:.35rem .8rem}}
.tables{{display:flex;flex-wrap:wrap;gap:0 3rem}}
.cards{{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.8rem;margin:1rem 0}}
.card{{background:var(--pane);border-radius:6px;padding:.7rem .9rem}}
.card dt{{color:var(--dim);font-size:.88rem}}.card dd{{margin:0}}
.card .value{{font-size:1.7rem;font-weight:600;line-height:1.25;font-variant-numeric:tabular-nums}}
.card .range{{font-size:.86rem;color:var(--dim);font-variant-numeric:tabular-nums}}
.note{{border-left:3px solid var(--look);padding:.1rem 0 .1rem .8rem;margin:.8rem 0}}
.state-look{{color:var(--look);font-weight:600}}.state-fine{{color:var(--fine);font-weight:600}}
.state-open{{color:var(--dim);font-weight:600}}
.charts{{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(16.5rem,100%),1fr));gap:1.2rem 2rem;
margin:1rem 0}}
figure{{margin:0;min-width:0}}figcaption{{font-size:.85rem;margin-top:.25rem}}
svg{{display:block;width:100%;max-width:30rem;height:auto}}
svg text{{font:11px system-ui,sans-serif;fill:var(--dim)}}
svg .name{{font-size:12px;fill:var(--text)}}
svg .axis{{stroke:var(--line);fill:none}}svg .chance{{stroke:var(--dim);stroke-dasharray:2 4;fill:none}}
svg .line{{fill:none;stroke-width:1.8;stroke-linejoin:round}}
svg .c0{{stroke:var(--accent)}}svg .c1{{stroke:var(--second);stroke-dasharray:6 3}}
svg .c2{{stroke:var(--dim);stroke-dasharray:2 2}}
svg .p0{{fill:var(--accent)}}svg .p1{{fill:var(--second)}}svg .p2{{fill:var(--dim)}}
.images{{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1.1rem;margin:1rem 0}}
.small{{grid-template-columns:repeat(auto-fill,minmax(7.5rem,1fr))}}
.images figure>div{{display:flex;gap:3px}}
.images img{{display:block;width:100%;height:auto;min-width:0;aspect-ratio:1;object-fit:contain;background:#000;
border-radius:3px}}
.images figure>div img{{width:calc(50% - 1.5px)}}
.images figcaption{{overflow-wrap:anywhere;line-height:1.35}}
.plan{{columns:18rem;column-gap:3rem;margin:.6rem 0;padding:0;list-style:none;font-size:.9rem}}
.plan li{{display:flex;justify-content:space-between;gap:1rem;border-bottom:1px solid var(--line);
break-inside:avoid}}
.plan b{{font-weight:600}}
code{{font:.85em ui-monospace,monospace;overflow-wrap:anywhere}}
footer{{color:var(--dim);margin-top:3rem;padding-bottom:2rem;font-size:.85rem}}
@media (max-width:40rem){{body{{font-size:14px}}.words tbody th,td.range{{white-space:normal}}
.images{{grid-template-columns:1fr}}.small{{grid-template-columns:1fr 1fr 1fr}}}}
@page{{margin:16mm 14mm}}
@media print{{body{{font-size:10pt}}nav,.skip{{display:none}}main,header,footer{{max-width:none;padding:0}}
header{{padding-top:0}}footer{{margin-top:1rem;padding-bottom:0}}
h2,h3,h3+p,h2+p{{break-after:avoid}}
figure,tr,.wide,.card,.note,.plan li{{break-inside:avoid}}.wide:has(.long){{break-inside:auto}}
.wide{{overflow:visible}}
table.words{{font-size:.85em}}.charts{{grid-template-columns:1fr 1fr}}.cards{{grid-template-columns:repeat(4,1fr)}}
.images{{grid-template-columns:repeat(3,1fr)}}.small{{grid-template-columns:repeat(6,1fr)}}
*{{-webkit-print-color-adjust:exact;print-color-adjust:exact}}}}
"""
