/// Styles of the page's parts.
enum PartStyle {
  static let frame = #"""
    .skip{position:absolute;left:-999px;top:0;background:var(--card);padding:10px 14px;z-index:9}
    .skip:focus{left:0}
    .top{position:sticky;top:0;z-index:5;display:flex;gap:12px;align-items:center;padding:9px 26px;background:var(--card);
    border-bottom:1px solid var(--line)}
    .brand{flex:1;min-width:0;display:flex;gap:12px;align-items:baseline;overflow:hidden;white-space:nowrap}
    .brand span{color:var(--soft);overflow:hidden;text-overflow:ellipsis}
    .top input{width:290px;padding:6px 11px;border:1px solid var(--line);border-radius:6px;background:var(--paper)}
    button,select{padding:5px 11px;border:1px solid var(--line);border-radius:6px;background:var(--card);cursor:pointer;
    font-size:13.5px}
    button:hover,select:hover{border-color:var(--accent)}
    .layout{display:grid;grid-template-columns:196px minmax(0,1fr);gap:30px;max-width:1500px;margin:0 auto;padding:26px}
    .side{position:sticky;top:78px;align-self:start;font-size:14px}
    .side a{display:flex;justify-content:space-between;gap:8px;padding:5px 10px;border-radius:5px;color:var(--ink);
    text-decoration:none}
    .side a:hover{background:var(--raised)}
    .side .count{color:var(--faint);font-size:12.5px}
    .side .note{margin:14px 10px;font-size:12.5px}
    section{background:var(--card);border:1px solid var(--line);border-radius:9px;padding:22px 26px;margin:0 0 22px}
    #verdict{border-top:4px solid var(--informational);padding-top:18px}
    #verdict.critical{border-top-color:var(--critical)}#verdict.high{border-top-color:var(--high)}
    #verdict.medium{border-top-color:var(--medium)}#verdict.low{border-top-color:var(--low)}
    .kicker{color:var(--soft);margin:0;font-size:14px}
    .facts{display:flex;flex-wrap:wrap;gap:12px 34px;margin:18px 0 0}
    .facts dt,.figures dt{font-size:12px;color:var(--soft)}
    .facts dd{margin:0;overflow-wrap:anywhere}
    .figures{display:flex;gap:40px;margin:0 0 16px}
    .figures dd{margin:0;font-size:24px;font-weight:600}
    .tally{display:flex;flex-wrap:wrap;gap:4px 16px}
    .severity{display:inline-block;padding:1px 9px;border-radius:4px;font-size:12px;font-weight:650;text-transform:uppercase;
    letter-spacing:.03em;color:var(--card);background:var(--informational)}
    .severity.critical{background:var(--critical)}.severity.high{background:var(--high)}
    .severity.medium{background:var(--medium)}.severity.low{background:var(--low)}
    .dot::before{content:"";display:inline-block;width:9px;height:9px;border-radius:50%;margin-right:6px;
    background:var(--informational)}
    .dot.critical::before{background:var(--critical)}.dot.high::before{background:var(--high)}
    .dot.medium::before{background:var(--medium)}.dot.low::before{background:var(--low)}
    .chip{display:inline-block;padding:0 7px;border:1px solid var(--line);border-radius:4px;font-size:12px;color:var(--soft);
    background:var(--raised);overflow-wrap:anywhere}
    .chips{display:flex;flex-wrap:wrap;gap:5px;margin:10px 0}
    @media (max-width:980px){.layout{grid-template-columns:minmax(0,1fr);padding:14px}.side{position:static}
    .side ol{display:flex;flex-wrap:wrap}.side .note{display:none}.top{flex-wrap:wrap;padding:9px 14px}
    .top .search{order:9;flex:1 1 100%}.top input{width:100%}section{padding:16px}.figures{gap:22px;flex-wrap:wrap}
    h1{font-size:21px}.lead{font-size:16px}}

    """#

  static let story = #"""
    .actions>li{border-top:1px solid var(--line)}
    .actions>li:last-child{border-bottom:1px solid var(--line)}
    .actions summary{display:grid;grid-template-columns:86px minmax(0,1fr) minmax(0,1.25fr);gap:14px;padding:9px 6px;cursor:pointer;
    list-style:none;align-items:baseline}
    summary::-webkit-details-marker{display:none}
    .actions summary::before,.finding summary::before,.said summary::before{content:none}
    .actions summary:hover,.said summary:hover,.finding summary:hover{background:var(--raised)}
    .actions .group{font-size:12.5px;color:var(--accent);font-weight:650}
    .actions .breaks{font-size:13px;color:var(--soft)}
    .actions details[open]{padding-bottom:12px}
    .actions .command,.actions .small{margin-left:106px}
    .command{display:flex;gap:8px;align-items:flex-start;background:var(--raised);border-radius:6px;padding:6px 6px 6px 11px;
    margin:4px 0}
    .command code{flex:1;min-width:0;padding-top:3px}
    .command button{padding:1px 9px;font-size:12px;flex:none}
    .step{display:grid;grid-template-columns:86px minmax(0,1fr);gap:20px;position:relative;padding:0 0 20px}
    .step::before{content:"";position:absolute;left:95px;top:7px;bottom:-7px;border-left:2px solid var(--line)}
    .step:last-child::before{display:none}
    .step::after{content:"";position:absolute;left:90px;top:6px;width:12px;height:12px;border-radius:50%;
    background:var(--informational);border:2px solid var(--card)}
    .step.critical::after{background:var(--critical)}.step.high::after{background:var(--high)}
    .step.medium::after{background:var(--medium)}.step.low::after{background:var(--low)}
    .step.inferred::after{background:var(--card);border-color:var(--high)}
    .step.missing::after{background:var(--card);border:2px dotted var(--faint)}
    .step .when{text-align:right;font-size:13px;padding-right:12px}
    .step .when time{display:block}
    .step .when .until{color:var(--faint)}
    .step .what{padding-left:14px;min-width:0}
    .step h3{margin:0 0 6px;display:flex;flex-wrap:wrap;gap:4px 12px;align-items:center;overflow-wrap:anywhere}
    .step.missing h3{color:var(--soft);font-weight:500}
    .key{font-size:12px;font-weight:500;color:var(--soft);white-space:nowrap}
    .key::before{content:"";display:inline-block;width:14px;height:9px;border:1.5px solid var(--soft);border-radius:2px;
    margin-right:6px;background:var(--raised)}
    .key.inferred::before{border-style:dashed;background:none}
    .key.missing::before{border-style:dotted;background:none}
    .legend{display:flex;gap:22px;margin:14px 0 0}
    .said>li{border-top:1px solid var(--line)}
    .said summary,.finding summary{cursor:pointer;list-style:none}
    .said summary{display:grid;grid-template-columns:72px minmax(0,1fr) auto;gap:12px;padding:5px 6px;font-size:13.5px}
    .said time{color:var(--soft);font-size:12.5px;padding-top:1px}
    .said .text{overflow-wrap:anywhere;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
    .said details[open] .text,.finding[open] .text{display:block}
    .sources{display:flex;gap:4px;align-items:flex-start}
    .sources .chip{white-space:nowrap}
    .places{margin:4px 0 10px 84px}
    .finding .places{margin-left:0}
    .place{padding:6px 0;font-size:13px}
    .place .path,td.path{overflow-wrap:anywhere;white-space:pre-line}
    blockquote{margin:5px 0;padding:4px 11px;border-left:3px solid var(--line);color:var(--soft);overflow-wrap:anywhere;
    white-space:pre-wrap;font-size:13px}
    .finding{border-top:1px solid var(--line);padding:0 0 0 12px;border-left:3px solid var(--informational)}
    .finding+.finding{margin-top:-1px}
    .finding.critical{border-left-color:var(--critical)}.finding.high{border-left-color:var(--high)}
    .finding.medium{border-left-color:var(--medium)}.finding.low{border-left-color:var(--low)}
    .finding summary{display:flex;flex-wrap:wrap;gap:3px 12px;padding:9px 6px;align-items:baseline}
    .finding summary strong{min-width:0;overflow-wrap:anywhere}
    .finding summary time{color:var(--soft);font-size:12.5px;margin-left:auto}
    .finding summary .text{flex:1 1 100%;color:var(--soft);font-size:13.5px;overflow-wrap:anywhere;display:-webkit-box;
    -webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
    @media (max-width:700px){.actions summary,.said summary{grid-template-columns:minmax(0,1fr);gap:2px}
    .actions .command,.actions .small,.places{margin-left:0}.step{grid-template-columns:minmax(0,1fr);gap:4px;padding-left:20px}
    .step::before{left:5px}.step::after{left:0}.step .when{text-align:left}.step .when time{display:inline;margin-right:8px}
    .step .what{padding-left:0}.sources{flex-wrap:wrap}.legend{flex-wrap:wrap}}
    .finding[open]{background:var(--card);padding-bottom:12px}
    .hex{margin:6px 0 0;padding:7px 10px;overflow-x:auto;font-size:11.5px;line-height:1.45;border-radius:6px;
    background:var(--paper);border:1px solid var(--line);white-space:pre}
    .finding .facts{margin:4px 6px 12px}
    .finding .id{color:var(--faint);margin:8px 0 0}

    """#

  static let tables = #"""
    .scroll{overflow-x:auto;margin:0 0 12px}
    table{border-collapse:collapse;width:100%;font-size:13.5px}
    th{text-align:left;font-weight:600;color:var(--soft);font-size:12.5px}
    th,td{padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
    td.number{text-align:left}
    .attributes th{width:1%;white-space:nowrap;font-weight:500}
    .tree code{color:var(--soft)}
    .tree .line{display:block;white-space:nowrap}
    .tree tr.attack td:first-child{box-shadow:inset 3px 0 var(--critical);padding-left:10px}
    .tree td:first-child{padding-left:10px}
    .tree tr.attack strong{color:var(--critical)}
    .whole>summary{cursor:pointer;color:var(--accent);padding:6px 0;list-style:revert}
    .matrix{display:flex;gap:10px;align-items:flex-start}
    .tactic{flex:1 1 0;min-width:132px}
    .tactic h3{margin:0 0 8px;font-size:13px;line-height:1.3;min-height:2.6em}
    .tactic small,.technique small{color:var(--faint);font-weight:400;margin-left:6px}
    .technique{padding:6px 9px;margin:0 0 6px;border-radius:5px;background:var(--raised);border-left:3px solid var(--informational);
    font-size:12.5px;line-height:1.35}
    .technique code{display:inline;font-weight:600}
    .technique span{display:block}
    .technique.critical{border-left-color:var(--critical)}.technique.high{border-left-color:var(--high)}
    .technique.medium{border-left-color:var(--medium)}.technique.low{border-left-color:var(--low)}

    """# + indents

  /// Depths of the process tree; an inline style would need an exception in the page's policy.
  private static let indents = (0...24).map { ".tree .d\($0){padding-left:\($0 * 18)px}" }.joined() + "\n"

  static let timeline = #"""
    .tools{display:flex;flex-wrap:wrap;gap:7px 9px;align-items:center;margin:0 0 12px}
    .gap{flex:1}
    .check{display:inline-flex;gap:6px;align-items:center;font-size:13.5px;padding:2px 4px;cursor:pointer}
    .check input{accent-color:var(--accent);margin:0}
    .chart{position:relative}
    canvas{display:block;width:100%}
    #overview{height:34px;cursor:ew-resize;margin:0 0 6px}
    #lanes{cursor:grab;touch-action:pan-y}
    #tip{position:absolute;pointer-events:none;z-index:3;max-width:460px;background:var(--ink);color:var(--paper);padding:6px 10px;
    border-radius:5px;font-size:12.5px;line-height:1.4;overflow-wrap:anywhere}
    .rows{border:1px solid var(--line);border-radius:6px;overflow:hidden;margin-top:10px}
    #list{height:420px;overflow-y:auto;position:relative;outline-offset:-2px}
    #space{position:relative}
    .row{display:grid;grid-template-columns:198px 108px minmax(0,1fr);gap:12px;padding:0 12px;height:27px;line-height:27px;
    font-size:13px;white-space:nowrap}
    #space .row{position:absolute;left:0;right:0;cursor:pointer}
    .row span{overflow:hidden;text-overflow:ellipsis}
    .row.head{background:var(--raised);color:var(--soft);font-size:12.5px;font-weight:600}
    .row.w8 .m,.row.w9 .m{font-weight:600}
    .row.w9{box-shadow:inset 3px 0 var(--critical)}.row.w8{box-shadow:inset 3px 0 var(--medium)}
    .row.w7{box-shadow:inset 3px 0 var(--accent)}
    .row .t{font-family:ui-monospace,"SF Mono","DejaVu Sans Mono",monospace;font-size:12px}
    .row .s{color:var(--soft)}
    #space .row:hover{background:var(--raised)}
    #space .row.on{background:var(--mark)}
    .detail{margin-top:12px;padding:12px 16px;border:1px solid var(--line);border-radius:6px;min-height:58px}
    .detail .note{margin:0}
    .detail .said-text{white-space:pre-wrap;overflow-wrap:anywhere;margin:0 0 8px}
    @media (max-width:700px){.row{grid-template-columns:88px minmax(0,1fr)}.row .s{display:none}}

    """#

  static let drawings = #"""
    svg{display:block;width:100%;height:auto;font-family:inherit}
    @media (max-width:980px){.scroll>svg{min-width:780px}}
    .chain{max-width:1160px}
    .chain a{text-decoration:none}
    .chain .box{fill:var(--paper);stroke:var(--line);stroke-width:1.5}
    .chain a:hover .box{stroke:var(--accent)}
    .chain .inferred .box{stroke-dasharray:6 4;fill:none;stroke:var(--soft)}
    .chain .missing .box{stroke-dasharray:2 4;fill:none;stroke:var(--faint)}
    .chain .bar{fill:var(--informational)}
    .chain .critical .bar{fill:var(--critical)}.chain .high .bar{fill:var(--high)}
    .chain .medium .bar{fill:var(--medium)}.chain .low .bar{fill:var(--low)}.chain .missing .bar{fill:none}
    .chain text{fill:var(--ink)}
    .chain .clock{font-size:13px;fill:var(--soft)}
    .chain .state{font-size:11.5px;fill:var(--soft)}
    .chain .title{font-size:14px;font-weight:550}
    .chain .missing .title{fill:var(--soft);font-weight:400}
    .chain .link{fill:none;stroke:var(--faint);stroke-width:1.6}
    .graph{max-width:1280px}
    .graph .edge{fill:none;stroke:var(--faint);stroke-width:1.4;opacity:.75}
    .graph .node rect{fill:var(--paper);stroke:var(--line);stroke-width:1.4}
    .graph .attacker rect{stroke:var(--attacker)}.graph .victim rect{stroke:var(--victim)}.graph .tool rect{stroke:var(--tool)}
    .graph text{fill:var(--ink)}
    .graph .kind{font-size:10.5px;fill:var(--soft)}
    .graph .name{font-size:13px}
    .graph.lit .edge{opacity:.12}.graph.lit .node{opacity:.3}
    .graph.lit .edge.on{opacity:1;stroke:var(--accent);stroke-width:2.2}.graph.lit .node.on{opacity:1}

    """#
}
