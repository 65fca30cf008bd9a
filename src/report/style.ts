import { FONT, themeOf } from '../plots/theme.js'

const [light, dark] = [themeOf('light'), themeOf('dark')]

/** The colours of the plots, so that a plot and the page around it are one. */
const colors = ({ background, text, muted, grid, palette }: typeof light): string =>
  `--page:${background};--text:${text};--muted:${muted};--line:${grid};--accent:${palette[0]};--best:${palette[2]};`

export const STYLE = `
:root{color-scheme:light dark;${colors(light)}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",${FONT}}
main{max-width:1040px;margin:0 auto;padding:32px 24px 64px}
header{border-bottom:1px solid var(--line);margin-bottom:24px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:32px 0 10px}
h3{font-size:15px;margin:14px 0 4px}
.lead,.none{color:var(--muted);margin:0 0 14px}
.text{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
.own{border-left:3px solid var(--accent);padding-left:14px}
a{color:var(--accent)}
.wide{overflow-x:auto}
.wide+.wide{margin-top:14px}
table{border-collapse:collapse;font-size:13.5px;min-width:min(100%,420px)}
th,td{padding:5px 14px 5px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);unicode-bidi:isolate}
thead th{color:var(--muted);font-weight:500;white-space:nowrap;border-bottom-color:var(--muted)}
td{overflow-wrap:break-word}
.facts th,.facts td{overflow-wrap:anywhere}
.facts th{font-weight:500;color:var(--muted);width:180px}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding:5px 0 5px 18px}
strong{color:var(--best)}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
figure{margin:0 0 12px;overflow-x:auto}
svg{display:block;max-width:100%;height:auto;transform:translateX(-2.2%)}
.dark{display:none}
summary{cursor:pointer}
summary h2{display:inline-block}
@media (prefers-color-scheme:dark){
:root{${colors(dark)}}
.light{display:none}
.dark{display:block}
}
@media print{
:root{${colors(light)}}
main{max-width:none;padding:0}
.light{display:block}
.dark{display:none}
figure,tr{break-inside:avoid}
h2{break-after:avoid}
details::details-content{content-visibility:visible;display:block}
}
`
