// Shows an answer in elements that stay, so that bars move instead of blinking.
// The page says what was read when its script ran; `drawing_pad.js` says what is read right now ("mnist-answer"), and
// when a stroke begins ("mnist-pen"). From then on, what the script says is old, until it is about another drawing, or
// another way to read it.

const PHONE = '(max-width: 640px)'; // as in the style sheets
const openView = () => document.querySelector('.st-key-views [aria-checked=true]');

const show = (root, { digits, certainty, lead, seen, probabilities, view }) => {
  // Only what the script sent has examples: while the pen moves, none are there.
  root.classList.toggle('inviting', !digits.length && !root.penned && root.data.examples.length > 0);
  const digit = root.querySelector('.digit');
  digit.className = digits.length ? `digit digits-${Math.min(digits.length, 6)}` : 'digit none';
  digit.replaceChildren(
    ...(digits.length ? digits : [['—', false]]).map(([text, doubtful]) =>
      Object.assign(document.createElement('span'), { textContent: text, className: doubtful ? 'doubtful' : '' }),
    ),
  );
  root.querySelector('.certainty').textContent = certainty;
  root.querySelector('.lead').textContent = lead;
  const pictures = root.querySelector('.seen');
  const alt = root.data.seen_label;
  pictures.style.setProperty('--columns', Math.ceil(Math.sqrt(seen.length)));
  while (pictures.children.length > seen.length) pictures.lastChild.remove();
  while (pictures.children.length < seen.length) pictures.append(document.createElement('img'));
  seen.forEach((src, place) => Object.assign(pictures.children[place], { src, alt }));
  const best = Math.max(...probabilities);
  [...root.querySelectorAll('.bar')].forEach((bar, place) => {
    const value = probabilities[place];
    bar.classList.toggle('best', value === best);
    bar.querySelector('.fill').style.setProperty('--share', value ?? 0);
    bar.querySelector('.value').textContent = value === undefined ? '' : `${(100 * value).toFixed(1)}%`;
  });
  if (view === null) return; // not asked for: it comes when the pen rests
  root.view = view;
  document.querySelector('.answer-view')?.show?.(view);
};

// For those who hear the page, once the pen is lifted. The element stays: only then are its words read out.
const speak = (root, words) => {
  const spoken = root.querySelector('.spoken');
  if (spoken.textContent !== words) spoken.textContent = words;
};

const invite = (root, { invitation, examples, tour }, press) => {
  const group = root.querySelector('.examples');
  group.querySelector('p').textContent = invitation;
  group.setAttribute('aria-label', invitation);
  const guide = group.querySelector('.tour');
  Object.assign(guide, { textContent: tour, hidden: !tour, onclick: () => press('tour') });
  if (!examples.length) return; // those of before are hidden
  group.querySelector('div').replaceChildren(
    ...examples.map(({ address, name }, place) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', title: name });
      button.append(Object.assign(document.createElement('img'), { src: address, alt: name }));
      button.onclick = () => press(place);
      return button;
    }),
  );
};

// The view that was led to: on a phone it goes below the strip, and whoever uses keys goes on from its name.
const arrive = (root) => {
  if (!root.left || root.data.leads || !root.isConnected) return;
  const view = openView();
  if (!view || view === root.left) {
    requestAnimationFrame(() => arrive(root)); // it comes with the same run, a little later
    return;
  }
  root.left = undefined;
  view.focus({ preventScroll: true });
  const bar = view.closest('.st-key-views');
  if (matchMedia(PHONE).matches || bar.getBoundingClientRect().bottom > innerHeight) bar.scrollIntoView({ block: 'start' });
};

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector('.answer');
  const press = (what) => setTriggerValue('pressed', what);
  root.data = data;
  root.querySelector('figcaption').textContent = data.seen_label;
  root.querySelector('.bars').setAttribute('aria-label', data.bars_label);
  const reader = root.querySelector('.reader');
  reader.textContent = reader.title = data.reader;
  root.classList.toggle('leads', data.leads);
  root.querySelector('.lead').onclick = () => {
    root.left = openView();
    press('lead');
  };
  invite(root, data, press);
  if (root.about !== data.about) root.penned = false;
  root.about = data.about;
  if (!root.penned) {
    show(root, data.content);
    speak(root, data.content.spoken);
  }
  arrive(root);
  root.off?.abort(); // Streamlit calls this again with new data, and cleans up only in the end
  const off = (root.off = new AbortController());
  const listen = (type, handle) => addEventListener(type, handle, { signal: off.signal });
  listen('mnist-pen', () => {
    root.penned = true;
    root.classList.remove('inviting');
  });
  listen('mnist-answer', ({ detail: { about, content, live } }) => {
    if (about !== root.about) return; // asked before the page changed
    if (content) show(root, content);
    else root.penned = false; // the server did not answer: what the script will say counts
    if (content && !live) speak(root, content.spoken);
  });
  return () => off.abort();
}
