// Two components that talk through the page: `announce` stands in the part that reads the drawing and says when it has
// read anew; `follow` stands in the part that explains, which then runs by itself, once the pen has rested a moment.
const READ = 'mnist-read';
const REST = 150; // ms

export default function ({ parentElement, data, setTriggerValue }) {
  const { dataset } = parentElement.querySelector('span');
  dataset[data.role] = data.read; // where both roles have the same, the view has followed
  if (data.role === 'announce') {
    dataset.penDown = data.pen_down;
    dispatchEvent(new CustomEvent(READ, { detail: data }));
    return undefined;
  }
  let timer = 0;
  const hear = ({ detail }) => {
    clearTimeout(timer);
    if (!detail.pen_down && detail.read !== data.read) timer = setTimeout(() => setTriggerValue('read', detail.read), REST);
  };
  addEventListener(READ, hear);
  return () => {
    clearTimeout(timer);
    removeEventListener(READ, hear);
  };
}
