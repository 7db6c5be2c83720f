// Two components that talk through the page: `announce` stands in the part that reads the drawing and says when it has
// read anew; `follow` stands in the part that explains, which then runs by itself, once the pen has rested a moment.
const READ = 'mnist-read';
const REST = 150; // ms
const PATIENCE = 3000; // ms; sent together with something else, the request may have had only that other part run

let news; // the last announcement

export default function ({ parentElement, data, setTriggerValue }) {
  const { dataset } = parentElement.querySelector('span');
  dataset[data.role] = data.read; // where both roles have the same, the view has followed
  if (data.role === 'announce') {
    news = data;
    dataset.penDown = data.pen_down;
    dispatchEvent(new CustomEvent(READ, { detail: data }));
    return undefined;
  }
  parentElement.off?.abort(); // Streamlit calls this again with new data, and cleans up only in the end
  const off = (parentElement.off = new AbortController());
  let timer = 0;
  let leaving = false;
  const hear = ({ detail }) => {
    clearTimeout(timer);
    if (leaving || detail.pen_down || detail.read === data.read) return;
    const ask = () => {
      setTriggerValue('read', detail.read);
      timer = setTimeout(ask, PATIENCE);
    };
    timer = setTimeout(ask, REST);
  };
  // Asked for once the next page is on its way, a run of this part would come after that page and wipe it out.
  const leave = ({ type, target }) => {
    leaving = type === 'popstate' || target.closest('a:not([target=_blank])') !== null;
    if (leaving) clearTimeout(timer);
  };
  const options = { capture: true, signal: off.signal };
  addEventListener(READ, hear, options);
  addEventListener('click', leave, options);
  addEventListener('popstate', leave, options);
  addEventListener('pointerdown', () => (leaving = false), options); // still here, after all
  off.signal.addEventListener('abort', () => clearTimeout(timer));
  if (news) hear({ detail: news }); // announced while this run was under way
  return () => off.abort();
}
