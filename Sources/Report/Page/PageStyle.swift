/// The page's style sheet: colours, type, then the parts in their order on the page.
enum PageStyle {
  static let all =
    colours + type + PartStyle.frame + PartStyle.story + PartStyle.tables + PartStyle.timeline + PartStyle.drawings
    + print

  /// Warm paper and ink; one accent; five severities that differ in lightness too, for readers who cannot tell the hues.
  private static let colours = #"""
    :root{color-scheme:light;--paper:#f6f5f1;--card:#fffefb;--raised:#f0eee8;--ink:#1a1d21;--soft:#565d66;--faint:#8b9098;
    --line:#dcd8ce;--accent:#1f5a7d;--mark:#fff1c2;
    --critical:#9c1230;--high:#b8480f;--medium:#8a6a00;--low:#2f6f52;--informational:#5f6771;
    --critical-tint:#fbeaec;--attacker:#9c1230;--victim:#1f5a7d;--tool:#b8480f}
    @media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;--paper:#121417;--card:#1a1d21;
    --raised:#23272d;--ink:#e6e4de;--soft:#a4abb4;--faint:#747c87;--line:#31363d;--accent:#86bcdc;--mark:#4b3f12;
    --critical:#ff7585;--high:#f79a5f;--medium:#dcb84a;--low:#7dc49d;--informational:#98a1ac;
    --critical-tint:#2b191d;--attacker:#ff7585;--victim:#86bcdc;--tool:#f79a5f}}
    :root[data-theme=dark]{color-scheme:dark;--paper:#121417;--card:#1a1d21;
    --raised:#23272d;--ink:#e6e4de;--soft:#a4abb4;--faint:#747c87;--line:#31363d;--accent:#86bcdc;--mark:#4b3f12;
    --critical:#ff7585;--high:#f79a5f;--medium:#dcb84a;--low:#7dc49d;--informational:#98a1ac;
    --critical-tint:#2b191d;--attacker:#ff7585;--victim:#86bcdc;--tool:#f79a5f}

    """#

  private static let type = #"""
    *{box-sizing:border-box}
    html{scroll-padding-top:64px;-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI","Noto Sans",
    "Noto Sans KR","Apple SD Gothic Neo","Malgun Gothic","Liberation Sans",Arial,sans-serif;font-variant-numeric:tabular-nums}
    code,.digest,.clock,time,canvas,.number,.id{font-family:ui-monospace,"SF Mono","Cascadia Mono","JetBrains Mono",
    "Noto Sans Mono","DejaVu Sans Mono",monospace}
    code{font-size:12.5px;overflow-wrap:anywhere;white-space:pre-wrap}
    h1{font-size:25px;line-height:1.35;font-weight:600;letter-spacing:-.005em;margin:10px 0 14px;max-width:46em;overflow-wrap:anywhere}
    h2{font-size:18px;font-weight:650;margin:0 0 14px}
    h3{font-size:15px;font-weight:650;margin:22px 0 8px}
    p{margin:0 0 10px;max-width:74em}
    .lead{font-size:17px;line-height:1.5;max-width:56em;overflow-wrap:anywhere}
    .note,.small,.empty{color:var(--soft)}
    .small{font-size:12.5px}
    .number{font-size:12.5px;white-space:nowrap}
    .digest{font-size:11.5px;overflow-wrap:anywhere}
    .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
    a{color:var(--accent)}
    :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
    ol,ul{margin:0;padding:0;list-style:none}
    button,select,input{font:inherit;color:inherit}

    """#

  private static let print = #"""
    @media print{:root{--paper:#fff;--card:#fff;--line:#bbb;color-scheme:light}
    .top,.side,.tools,.copy,#overview,.skip,.chart+.small,.search{display:none!important}
    .layout{display:block;padding:0}section{break-inside:auto;border:0;padding:0 0 18px;margin:0}
    .step,.finding,tr,.actions>li{break-inside:avoid}#list{height:auto;max-height:260px;overflow:hidden}
    body{font-size:11pt}h1{font-size:17pt}h2{break-after:avoid}}

    """#
}
