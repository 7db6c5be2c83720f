// Shows an answer in elements that stay, so that bars move instead of blinking.
// The page says what was read when its script ran; `drawing_pad.js` says what is read right now ("mnist-answer"), and
// when a stroke begins ("mnist-pen"). From then on, what the script says is old, until it is about another drawing, or
// another way to read it.

const show = (root, { digits, certainty, seen, probabilities, view }) => {
  const digit = root.querySelector('.digit');
  digit.className = digits.length ? `digit digits-${Math.min(digits.length, 6)}` : 'digit none';
  digit.replaceChildren(
    ...(digits.length ? digits : [['—', false]]).map(([text, doubtful]) =>
      Object.assign(document.createElement('span'), { textContent: text, className: doubtful ? 'doubtful' : '' }),
    ),
  );
  root.querySelector('.certainty').textContent = certainty;
  const pictures = root.querySelector('.seen');
  const alt = root.querySelector('figcaption').textContent;
  pictures.style.setProperty('--columns', Math.ceil(Math.sqrt(seen.length)));
  while (pictures.children.length > seen.length) pictures.lastChild.remove();
  while (pictures.children.length < seen.length) pictures.append(document.createElement('img'));
  seen.forEach((src, place) => Object.assign(pictures.children[place], { src, alt }));
  const best = Math.max(...probabilities);
  [...root.querySelectorAll('.bar')].forEach((bar, place) => {
    const value = probabilities[place];
    bar.classList.toggle('best', value === best);
    bar.querySelector('.fill').style.width = `${100 * (value ?? 0)}%`;
    bar.querySelector('.value').textContent = value === undefined ? '' : `${(100 * value).toFixed(1)}%`;
  });
  if (view === null) return; // not asked for: it comes when the pen rests
  root.view = view;
  document.querySelector('.answer-view')?.show?.(view);
};

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector('.answer');
  root.querySelector('figcaption').textContent = data.seen_label;
  root.querySelector('.bars').setAttribute('aria-label', data.bars_label);
  if (root.about !== data.about) root.penned = false;
  root.about = data.about;
  if (!root.penned) show(root, data.content);
  root.off?.abort(); // Streamlit calls this again with new data, and cleans up only in the end
  const off = (root.off = new AbortController());
  addEventListener('mnist-pen', () => (root.penned = true), { signal: off.signal });
  addEventListener(
    'mnist-answer',
    ({ detail: { about, content } }) => {
      if (about !== root.about) return; // asked before the page changed
      if (content) show(root, content);
      else root.penned = false; // the server did not answer: what the script will say counts
    },
    { signal: off.signal },
  );
  return () => off.abort();
}
