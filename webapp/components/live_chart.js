// Draws a figure with the Plotly that Streamlit serves from this machine, and keeps its node for the next one.

let plotly;
const loadPlotly = (script) =>
  (plotly ??= new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = script;
    element.onload = () => resolve(window.Plotly);
    element.onerror = () => reject(new Error(`cannot load ${script}`));
    document.head.appendChild(element);
  }));

export default function ({ parentElement, data, setStateValue }) {
  const node = parentElement.querySelector('.live-chart');
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16; // larger on a projector
  const height = Math.round(data.height * scale);
  node.style.height = `${height}px`; // before Plotly has loaded: nothing jumps when it comes
  node.setAttribute('aria-label', data.label);
  let gone = false;
  loadPlotly(data.script).then((Plotly) => {
    if (gone) return;
    const layout = {
      ...data.figure.layout,
      height,
      autosize: true,
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      font: { family: getComputedStyle(node).fontFamily, size: 13 * scale },
    };
    const { margin, legend } = data.figure.layout;
    if (margin) layout.margin = Object.fromEntries(Object.entries(margin).map(([side, size]) => [side, size * scale]));
    if (legend?.font) layout.legend = { ...legend, font: { ...legend.font, size: legend.font.size * scale } };
    Plotly.react(node, data.figure.data, layout, { responsive: true, displayModeBar: false, showTips: false });
    if (data.clickable && !node.dataset.clicks) {
      node.dataset.clicks = '0';
      node.on('plotly_click', ({ points: [{ x, y, customdata }] }) => {
        node.dataset.clicks = Number(node.dataset.clicks) + 1; // so that the same point clicked again is news
        setStateValue('clicked', { x, y, customdata: customdata ?? null, count: Number(node.dataset.clicks) });
      });
    }
  });
  return () => {
    gone = true;
    if (window.Plotly && !node.isConnected) window.Plotly.purge(node);
  };
}
