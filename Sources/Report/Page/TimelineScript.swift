/// The timeline: its model, its drawing, its handling, and the list below it.
enum TimelineScript {
  static let model = #"""
    const ev=data.events,total=ev.source.length;
    const time=new Float64Array(total);
    for(let i=0,t=ev.first;i<total;i++){t+=ev.time[i];time[i]=t;}
    const lanes=data.sources.map((name,id)=>({id,name,events:[]}))
      .filter(l=>data.density.counts[l.id].some(n=>n>0));
    const laneOf=new Map(lanes.map((l,i)=>[l.id,i]));
    for(let i=0;i<total;i++)lanes[laneOf.get(ev.source[i])].events.push(i);
    let query=[],shown=[],pass=new Uint8Array(total),chosen=-1,texts=null;
    const start=Math.min(data.density.first,total?time[0]:data.density.first);
    const end=Math.max(data.density.last,total?time[total-1]:data.density.last,start+1e6);
    const view={from:start,to:end};
    const pad=2;
    // First place in a sorted list of events at or after a moment.
    const lower=(list,moment)=>{let a=0,b=list.length;while(a<b){const m=(a+b)>>1;if(time[list[m]]<moment)a=m+1;else b=m;}return a;};
    const two=n=>String(n).padStart(2,'0');
    const stamp=us=>{const d=new Date(us/1000);return d.getUTCFullYear()+'-'+two(d.getUTCMonth()+1)+'-'+two(d.getUTCDate())+' '+
      two(d.getUTCHours())+':'+two(d.getUTCMinutes())+':'+two(d.getUTCSeconds())+'.'+String(Math.floor(us/1000)%1000).padStart(3,'0');};

    """#

  static let drawing = #"""
    const canvas=byId('lanes'),overview=byId('overview'),tip=byId('tip');
    const laneHeight=34,axis=26,left=118;
    const colour=name=>getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const prepare=(c,height)=>{
      const ratio=devicePixelRatio||1,width=c.clientWidth||900;
      c.width=Math.round(width*ratio);c.height=Math.round(height*ratio);c.style.height=height+'px';
      const g=c.getContext('2d');g.setTransform(ratio,0,0,ratio,0,0);g.clearRect(0,0,width,height);
      g.font='12px '+getComputedStyle(document.body).fontFamily;g.textBaseline='middle';return[g,width];
    };
    const steps=[1e3,1e4,1e5,5e5,1e6,2e6,5e6,1e7,15e6,3e7,6e7,12e7,3e8,6e8,9e8,18e8,36e8,72e8,144e8,216e8,432e8,864e8,1728e8,
      6048e8,2592e9,7776e9,31536e9,31536e10];
    const tick=us=>{
      const span=view.to-view.from,full=stamp(us);
      return span>2592e9?full.slice(0,10):span>1728e8?full.slice(5,16):span>6e8?full.slice(11,16):span>5e6?full.slice(11,19):full.slice(11);
    };
    const weights=[['--faint',.55],['--accent',.8],['--medium',1],['--critical',1]];
    const weightOf=w=>w>=9?3:w===8?2:w===7?1:0;
    let frame=0;
    const drawAll=()=>{if(!frame)frame=requestAnimationFrame(()=>{frame=0;drawLanes();drawOverview();});};
    const drawLanes=()=>{
      const height=lanes.length*laneHeight+axis;
      const[g,width]=prepare(canvas,height);
      const inner=width-left-pad,scale=inner/(view.to-view.from);
      const line=colour('--line'),soft=colour('--soft'),ink=colour('--ink');
      const tones=weights.map(w=>[colour(w[0]),w[1]]);
      const gap=steps.find(s=>s*scale>=92)||steps[steps.length-1];
      g.strokeStyle=line;g.fillStyle=soft;g.textAlign='center';g.lineWidth=1;
      for(let t=Math.ceil(view.from/gap)*gap;t<=view.to;t+=gap){
        const x=left+(t-view.from)*scale;g.beginPath();g.moveTo(x+.5,0);g.lineTo(x+.5,height-axis);g.stroke();
        if(x>left+24&&x<width-30)g.fillText(tick(t),x,height-axis/2);
      }
      g.textAlign='left';
      // The attack's steps as thin marks through all lanes.
      g.strokeStyle=colour('--high');g.globalAlpha=.35;
      for(const[t]of data.steps)if(t>=view.from&&t<=view.to){const x=left+(t-view.from)*scale;
        g.beginPath();g.setLineDash([3,3]);g.moveTo(x,0);g.lineTo(x,height-axis);g.stroke();}
      g.setLineDash([]);g.globalAlpha=1;
      const columns=Math.ceil(inner/2);
      lanes.forEach((lane,row)=>{
        const base=row*laneHeight+laneHeight-4;
        g.fillStyle=ink;g.fillText(lane.name,4,row*laneHeight+laneHeight/2);
        g.strokeStyle=line;g.beginPath();g.moveTo(0,base+3.5);g.lineTo(width,base+3.5);g.stroke();
        const bins=[0,1,2,3].map(()=>new Uint32Array(columns));
        const list=lane.events;
        for(let k=lower(list,view.from);k<list.length&&time[list[k]]<=view.to;k++){
          const i=list[k];if(!pass[i])continue;
          const c=Math.min(columns-1,Math.floor((time[i]-view.from)*scale/2));
          bins[weightOf(ev.weight[i])][c]++;
        }
        for(let w=0;w<4;w++){
          g.fillStyle=tones[w][0];g.globalAlpha=tones[w][1];
          for(let c=0;c<columns;c++){const n=bins[w][c];if(!n)continue;
            const h=Math.min(laneHeight-8,(w?9:4)+Math.log2(n)*3.2);g.fillRect(left+c*2,base-h,w?2.4:2,h);}
        }
        g.globalAlpha=1;
      });
      if(chosen>=0&&time[chosen]>=view.from&&time[chosen]<=view.to){
        const x=left+(time[chosen]-view.from)*scale;g.strokeStyle=ink;g.lineWidth=1.5;
        g.beginPath();g.moveTo(x,0);g.lineTo(x,height-axis);g.stroke();
      }
    };
    const drawOverview=()=>{
      const[g,width]=prepare(overview,34);
      const inner=width-left-pad,d=data.density,bins=d.counts[0].length;
      const sums=new Float64Array(bins);let most=1;
      for(const counts of d.counts)counts.forEach((n,i)=>sums[i]+=n);
      for(const n of sums)most=Math.max(most,n);
      g.fillStyle=colour('--faint');
      const reach=(d.last-d.first)||1,span=end-start;
      for(let i=0;i<bins;i++){if(!sums[i])continue;
        const x=left+((d.first+reach*i/bins)-start)/span*inner;
        const h=2+26*Math.log2(1+sums[i])/Math.log2(1+most);g.fillRect(x,32-h,Math.max(1,inner/bins-.3),h);}
      const a=left+(view.from-start)/span*inner,b=left+(view.to-start)/span*inner;
      g.fillStyle=colour('--accent');g.globalAlpha=.2;g.fillRect(a,0,Math.max(3,b-a),34);g.globalAlpha=1;
      g.fillRect(a,0,1.5,34);g.fillRect(Math.max(a+1.5,b-1.5),0,1.5,34);
    };

    """#

  static let control = #"""
    const setView=(from,to)=>{
      const least=1e4,most=(end-start)*1.04;
      let span=Math.min(Math.max(to-from,least),most);
      const middle=(from+to)/2;from=middle-span/2;to=middle+span/2;
      const slack=span*.5;
      if(from<start-slack){from=start-slack;to=from+span;}
      if(to>end+slack){to=end+slack;from=to-span;}
      view.from=from;view.to=to;drawAll();
      if(byId('only-visible').checked)refilter();
    };
    const zoom=(factor,at)=>{const m=at===undefined?(view.from+view.to)/2:at;
      setView(m-(m-view.from)*factor,m+(view.to-m)*factor);};
    const fitAll=()=>setView(start-(end-start)*.02,end+(end-start)*.02);
    const fitIncident=()=>{
      if(!data.incident)return fitAll();
      const[a,b]=data.incident,room=Math.max((b-a)*.08,2e6);setView(a-room,b+room);
    };
    byId('fit-incident').addEventListener('click',fitIncident);
    byId('fit-all').addEventListener('click',fitAll);
    byId('zoom-in').addEventListener('click',()=>zoom(.5));
    byId('zoom-out').addEventListener('click',()=>zoom(2));
    const moment=event=>{const box=canvas.getBoundingClientRect();
      return view.from+(event.clientX-box.left-left)/(box.width-left-pad)*(view.to-view.from);};
    canvas.addEventListener('wheel',event=>{
      // Without a modifier the wheel scrolls the page, as everywhere.
      if(!event.ctrlKey&&!event.shiftKey&&!event.metaKey&&document.activeElement!==canvas)return;
      event.preventDefault();zoom(event.deltaY>0?1.25:.8,moment(event));
    },{passive:false});
    let drag=null;
    canvas.addEventListener('pointerdown',event=>{drag={x:event.clientX,from:view.from,to:view.to,moved:false};
      canvas.setPointerCapture(event.pointerId);canvas.focus({preventScroll:true});});
    canvas.addEventListener('pointermove',event=>{
      if(drag){
        const dx=event.clientX-drag.x;if(Math.abs(dx)>3)drag.moved=true;
        const shift=-dx/(canvas.clientWidth-left-pad)*(drag.to-drag.from);
        if(drag.moved){setView(drag.from+shift,drag.to+shift);tip.hidden=true;}
        return;
      }
      const i=near(event);
      if(i<0){tip.hidden=true;return;}
      tip.textContent=stamp(time[i])+' '+ev.message[i];tip.hidden=false;
      const box=canvas.parentElement.getBoundingClientRect(),x=event.clientX-box.left,y=event.clientY-box.top;
      tip.style.left=Math.max(0,Math.min(x+12,box.width-tip.offsetWidth-4))+'px';tip.style.top=(y+16)+'px';
    });
    canvas.addEventListener('pointerleave',()=>tip.hidden=true);
    canvas.addEventListener('pointerup',event=>{
      const moved=drag&&drag.moved;drag=null;
      if(!moved){const i=near(event);if(i>=0)choose(i,true);}
    });
    const near=event=>{
      const box=canvas.getBoundingClientRect(),lane=lanes[Math.floor((event.clientY-box.top)/laneHeight)];
      if(!lane)return-1;
      const t=moment(event),reach=(view.to-view.from)/(box.width-left)*6,list=lane.events;
      let best=-1,score=-1;
      for(let k=lower(list,t-reach);k<list.length&&time[list[k]]<=t+reach;k++){
        const i=list[k];if(!pass[i])continue;
        const s=ev.weight[i]*4-Math.abs(time[i]-t)/reach;if(s>score||best<0){best=i;score=s;}
      }
      return best;
    };
    canvas.addEventListener('keydown',event=>{
      const span=view.to-view.from;
      const act={ArrowLeft:()=>setView(view.from-span*.2,view.to-span*.2),ArrowRight:()=>setView(view.from+span*.2,view.to+span*.2),
        '+':()=>zoom(.6),'=':()=>zoom(.6),'-':()=>zoom(1.6),Home:fitIncident,End:fitAll,ArrowDown:()=>step(1),ArrowUp:()=>step(-1)}[event.key];
      if(act){event.preventDefault();act();}
    });
    const jump=event=>{const box=overview.getBoundingClientRect();
      const t=start+(event.clientX-box.left-left)/(box.width-left-pad)*(end-start),half=(view.to-view.from)/2;
      setView(t-half,t+half);};
    overview.addEventListener('pointerdown',event=>{overview.setPointerCapture(event.pointerId);jump(event);
      overview.onpointermove=jump;});
    overview.addEventListener('pointerup',()=>overview.onpointermove=null);

    """#

  static let list = #"""
    const list=byId('list'),space=byId('space'),rowHeight=27,detail=byId('detail');
    // A browser cannot scroll through more than some ten million pixels, so beyond that a pixel is more than one.
    const tallest=8e6;
    const laneChoice=byId('lane');
    laneChoice.append(new Option(words.allSources,''));
    for(const l of lanes)laneChoice.append(new Option(l.name,l.id));
    const refilter=()=>{
      const lane=laneChoice.value===''?-1:Number(laneChoice.value),evidence=byId('only-evidence').checked,
        story=byId('only-story').checked,visible=byId('only-visible').checked;
      if(query.length&&!texts){
        texts=new Array(total);
        for(let i=0;i<total;i++){const e=ev.entities[i];
          texts[i]=(ev.message[i]+' '+data.types[ev.type[i]]+' '+data.artifacts[ev.artifact[i]][1]+' '+
            e.map(x=>data.entities[x]).join(' ')+' '+(ev.tags[i]?ev.tags[i].map(x=>data.tags[x]).join(' '):'')).toLowerCase();}
      }
      shown=[];
      for(let i=0;i<total;i++){
        const keep=(lane<0||ev.source[i]===lane)&&(!evidence||ev.weight[i]>=8)&&(!story||ev.weight[i]>=7)&&
          query.every(w=>texts[i].includes(w));
        pass[i]=keep?1:0;
        if(keep&&(!visible||(time[i]>=view.from&&time[i]<=view.to)))shown.push(i);
      }
      byId('shown').textContent=fill(words.eventsShown,count(shown.length),count(total));
      space.style.height=Math.min(shown.length*rowHeight,tallest)+'px';
      renderRows();drawAll();
    };
    const firstRow=()=>{
      const whole=shown.length*rowHeight;
      if(whole<=tallest)return Math.floor(list.scrollTop/rowHeight);
      const room=Math.max(1,tallest-list.clientHeight),share=list.scrollTop/room;
      return Math.floor(share*Math.max(0,shown.length-Math.floor(list.clientHeight/rowHeight)));
    };
    const renderRows=()=>{
      const from=Math.max(0,firstRow()-6),visible=Math.ceil(list.clientHeight/rowHeight)+12,part=document.createDocumentFragment();
      const exact=shown.length*rowHeight<=tallest,top=exact?0:list.scrollTop-Math.min(6,firstRow())*rowHeight;
      for(let k=from;k<Math.min(shown.length,from+visible);k++){
        const i=shown[k],row=make('div','row w'+ev.weight[i]+(i===chosen?' on':''));
        row.style.top=(exact?k*rowHeight:top+(k-from)*rowHeight)+'px';row.dataset.event=i;row.setAttribute('role','option');
        row.setAttribute('aria-selected',i===chosen);
        row.append(make('span','t',stamp(time[i])),make('span','s',data.sources[ev.source[i]]),make('span','m',ev.message[i]));
        part.append(row);
      }
      space.replaceChildren(part);
    };
    list.addEventListener('scroll',()=>requestAnimationFrame(renderRows),{passive:true});
    list.addEventListener('click',event=>{const row=event.target.closest('.row');if(row)choose(Number(row.dataset.event),false);});
    list.addEventListener('keydown',event=>{
      const move={ArrowDown:1,ArrowUp:-1,PageDown:12,PageUp:-12}[event.key];
      if(move){event.preventDefault();step(move);}
    });
    const step=by=>{
      if(!shown.length)return;
      let k=shown.indexOf(chosen);
      if(k<0){k=shown.findIndex(i=>time[i]>=view.from);k=k<0?0:k-(by>0?by:0);}
      choose(shown[Math.min(shown.length-1,Math.max(0,k+by))],true);
    };
    const choose=(i,scroll)=>{
      chosen=i;
      if(scroll){
        const k=shown.indexOf(i),whole=shown.length*rowHeight;
        if(k>=0)list.scrollTop=whole<=tallest?k*rowHeight-list.clientHeight/2:k/Math.max(1,shown.length)*(tallest-list.clientHeight);
      }
      if(time[i]<view.from||time[i]>view.to){const half=(view.to-view.from)/2;setView(time[i]-half,time[i]+half);}
      renderRows();drawAll();showDetail(i);
    };
    const showDetail=i=>{
      const[digest,path]=data.artifacts[ev.artifact[i]];
      const facts=make('dl','facts');
      const pair=(name,value)=>{const d=make('div');d.append(make('dt','',name),make('dd','',value));facts.append(d);};
      pair(words.time,stamp(time[i])+' UTC');pair(words.source,data.sources[ev.source[i]]);pair(words.kind,data.types[ev.type[i]]);
      pair(words.artifact,path);pair(words.locator,ev.place[i]);
      for(const[a,place]of ev.also[i]||[])pair(words.alsoIn,data.artifacts[a][1]+' '+place);
      if(ev.tags[i])pair(words.rule,ev.tags[i].map(x=>data.tags[x]).join(', '));
      const chips=make('p','chips');for(const e of ev.entities[i])chips.append(make('span','chip',data.entities[e]));
      const plain=/^(?:line=\d+;)?bytes=(\d+)\+\d+$/.exec(ev.place[i]);
      const show=make('div','command'),button=make('button','copy',words.copy);button.type='button';
      show.append(make('code','',plain?'ir-analyze show '+digest+':'+plain[1]:
        "ir-analyze show '"+digest+':'+ev.place[i].replaceAll("'","'\\''")+"'"),button);
      detail.replaceChildren(make('p','said-text',ev.message[i]),show,facts,chips);
    };
    for(const id of['lane','only-evidence','only-story','only-visible'])byId(id).addEventListener('change',refilter);

    """#
}
