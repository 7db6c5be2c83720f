// Draws a figure with the Plotly that Streamlit serves from this machine, and keeps its node for the next one; or shows
// words, which come as HTML.

let plotly;
const loadPlotly = (script) =>
  (plotly ??= new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = script;
    element.onload = () => resolve(window.Plotly);
    element.onerror = () => reject(new Error(`cannot load ${script}`));
    document.head.appendChild(element);
  }));

// Charts with the same source share its answers; while all of them are out of sight, nobody asks.
const ASK_EVERY = 400; // ms
const ASK_SHARE = 1 / 5; // of the time, spent waiting for answers
const sources = new Map();

const ask = async (address, source) => {
  const began = performance.now();
  if ([...source.charts].some(({ node }) => node.offsetParent)) {
    const response = await fetch(`${address}&after=${source.version}`).catch(() => undefined);
    if (response?.status === 404) return; // what it shows was deleted
    const news = response?.status === 200 ? await response.json().catch(() => undefined) : undefined;
    if (news) {
      source.version = news.version;
      source.every = news.every ?? ASK_EVERY;
      source.charts.forEach(({ key, show }) => show(news.shown[key]));
      const [first] = source.charts; // none, if the page was left meanwhile
      if (first && news.stage !== first.stage) first.changed(news.stage);
      if (!news.going) return;
    }
  }
  const wait = Math.max(source.every, (performance.now() - began) / ASK_SHARE);
  if (source.charts.size) source.timer = setTimeout(ask, wait, address, source);
};

const follow = (address, chart) => {
  const known = sources.get(address);
  const source = known ?? { version: '', every: ASK_EVERY, charts: new Set() };
  source.charts.add(chart);
  if (!known) {
    sources.set(address, source);
    source.timer = setTimeout(ask, ASK_EVERY, address, source);
  }
  return () => {
    source.charts.delete(chart);
    if (source.charts.size) return;
    clearTimeout(source.timer);
    sources.delete(address);
  };
};

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const node = parentElement.querySelector('div');
  const isWords = typeof data.shown === 'string';
  const showWords = (html) => {
    if (node.words !== html) node.innerHTML = node.words = html;
  };
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16; // larger on a projector
  const height = Math.round(data.height * scale);
  node.className = isWords ? 'live-words' : 'live-chart';
  if (!isWords) {
    node.style.height = `${height}px`; // before Plotly has loaded: nothing jumps when it comes
    node.setAttribute('role', 'img');
    node.setAttribute('aria-label', data.label);
  }
  let gone = false;
  const showFigure = async (figure) => {
    const Plotly = await loadPlotly(data.script);
    if (gone) return;
    const layout = {
      ...figure.layout,
      height,
      autosize: true,
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      font: { family: getComputedStyle(node).fontFamily, size: 13 * scale },
    };
    const { margin, legend } = figure.layout;
    if (margin) layout.margin = Object.fromEntries(Object.entries(margin).map(([side, size]) => [side, size * scale]));
    if (legend?.font) layout.legend = { ...legend, font: { ...legend.font, size: legend.font.size * scale } };
    Plotly.react(node, figure.data, layout, { responsive: true, displayModeBar: false, showTips: false });
    if (data.clickable && !node.dataset.clicks) {
      node.dataset.clicks = '0';
      node.on('plotly_click', ({ points: [{ x, y, customdata }] }) => {
        node.dataset.clicks = Number(node.dataset.clicks) + 1; // so that the same point clicked again is news
        setStateValue('clicked', { x, y, customdata: customdata ?? null, count: Number(node.dataset.clicks) });
      });
    }
  };
  const show = isWords ? showWords : showFigure;
  show(data.shown);
  parentElement.unfollow?.(); // Streamlit calls this again with new data, and cleans up only in the end
  parentElement.unfollow = data.source ? follow(data.source, { key: data.key, stage: data.stage, changed: (stage) => setTriggerValue('stage', stage), node, show }) : undefined;
  return () => {
    gone = true;
    parentElement.unfollow?.();
    if (window.Plotly && !node.isConnected) window.Plotly.purge(node);
  };
}
