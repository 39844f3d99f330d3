/// The page's script, in the order in which it runs. Evidence only ever becomes text nodes and pixels.
enum PageScript {
  static let all =
    "'use strict';(()=>{\n" + setup + TimelineScript.model + TimelineScript.drawing + TimelineScript.control
    + TimelineScript.list + parts + "})();\n"

  private static let setup = #"""
    const byId=id=>document.getElementById(id);
    const data=JSON.parse(byId('data').textContent);
    const words=data.words;
    const make=(name,className,text)=>{const e=document.createElement(name);if(className)e.className=className;
      if(text!==undefined)e.textContent=text;return e;};
    const fill=(text,...values)=>values.reduce((t,v,i)=>t.replace('{'+i+'}',()=>v),text);
    const count=n=>String(n).replace(/\B(?=(\d{3})+$)/g,'\u202f');
    const copyText=(text,button)=>{
      const done=()=>{const old=button.textContent;button.textContent=words.copied;setTimeout(()=>button.textContent=old,1200);};
      const byHand=()=>{const area=make('textarea');area.value=text;document.body.append(area);area.select();
        document.execCommand('copy');area.remove();done();};
      if(navigator.clipboard&&window.isSecureContext)navigator.clipboard.writeText(text).then(done,byHand);else byHand();
    };
    document.addEventListener('click',event=>{
      const button=event.target.closest('button.copy');
      if(button)copyText(button.previousElementSibling.textContent,button);
    });

    """#

  private static let parts = #"""
    // Theme: the reader's system unless switched; kept for this page only.
    byId('theme').addEventListener('click',()=>{
      const root=document.documentElement;
      const dark=root.dataset.theme?root.dataset.theme==='dark':matchMedia('(prefers-color-scheme:dark)').matches;
      root.dataset.theme=dark?'light':'dark';
      drawAll();
    });
    matchMedia('(prefers-color-scheme:dark)').addEventListener('change',()=>drawAll());
    byId('print').addEventListener('click',()=>print());
    // Findings: by severity and by the search words.
    const findings=[...document.querySelectorAll('.finding')].map(e=>({element:e,text:e.textContent.toLowerCase(),
      severity:e.dataset.severity}));
    const severities=byId('severities');
    const filterFindings=()=>{
      const shown=new Set([...severities.querySelectorAll('input:checked')].map(i=>i.value));
      for(const f of findings)f.element.hidden=!(shown.has(f.severity)&&query.every(w=>f.text.includes(w)));
    };
    severities.addEventListener('change',filterFindings);
    let pause=0;
    byId('search').addEventListener('input',event=>{
      clearTimeout(pause);
      pause=setTimeout(()=>{query=event.target.value.toLowerCase().split(/\s+/).filter(Boolean);refilter();filterFindings();},120);
    });
    document.addEventListener('keydown',event=>{
      if(event.key==='/'&&!/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)){
        event.preventDefault();byId('search').focus();
      }
    });
    // Links to a step or a finding open it.
    const reveal=()=>{let target=null;
      try{target=location.hash.length>1?document.getElementById(decodeURIComponent(location.hash.slice(1))):null;}catch(e){}
      if(target&&target.tagName==='DETAILS')target.open=true;};
    addEventListener('hashchange',reveal);reveal();
    // Graph: what a node is tied to.
    const graph=document.querySelector('.graph');
    if(graph){
      const nodes=[...graph.querySelectorAll('.node')],edges=[...graph.querySelectorAll('.edge')];
      const light=id=>{
        graph.classList.toggle('lit',id!==null);
        const on=new Set([id]);
        for(const e of edges){const hit=e.dataset.from===id||e.dataset.to===id;e.classList.toggle('on',hit);
          if(hit){on.add(e.dataset.from);on.add(e.dataset.to);}}
        for(const n of nodes)n.classList.toggle('on',on.has(n.dataset.id));
      };
      for(const n of nodes){
        n.addEventListener('mouseenter',()=>light(n.dataset.id));n.addEventListener('mouseleave',()=>light(null));
        n.addEventListener('focus',()=>light(n.dataset.id));n.addEventListener('blur',()=>light(null));
      }
    }
    // Before printing everything that is folded and part of the story is opened.
    addEventListener('beforeprint',()=>{for(const d of document.querySelectorAll('.actions details,.finding'))d.open=true;});
    addEventListener('resize',()=>drawAll());
    fitIncident();refilter();
    if(data.incident){const k=shown.findIndex(i=>time[i]>=data.incident[0]);if(k>0)list.scrollTop=Math.min(k*rowHeight,tallest);}

    """#
}
