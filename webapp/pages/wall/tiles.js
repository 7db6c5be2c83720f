// The tiles of the wall: asks for what is new every two seconds while the page is in sight, and moves what is there
// instead of drawing it anew, so that nothing blinks and no press is lost.

const EVERY = 2000; // ms
const QUIET = 1200; // ms without a moving pointer, before tiles move under a finger that is about to press one
const DOUBLE = 500; // ms: the second click of a double one would hit the tile that has moved there

const build = () => {
  const item = document.createElement('li');
  const picture = Object.assign(document.createElement('img'), { alt: '' });
  const caption = document.createElement('span');
  caption.append(document.createElement('b'), document.createElement('i'));
  item.append(picture, caption, document.createElement('small'));
  return item;
};

const fill = (item, { picture, name, right, words, short }) => {
  const [image, caption, writer] = item.querySelectorAll('img, span, small');
  item.classList.toggle('misread', !right);
  if (image.src !== picture) image.src = picture;
  image.alt = words;
  caption.setAttribute('aria-hidden', 'true');
  caption.firstChild.textContent = short;
  caption.lastChild.textContent = right ? '✓' : '✗';
  writer.textContent = name;
};

// A drawing that may be hidden has a button over its picture: a finger hits that.
const dress = (root) => {
  const mine = new Set(root.data.mine);
  [...root.list.children].forEach((item) => {
    const may = root.data.all || mine.has(item.drawing.id);
    const known = item.querySelector('button');
    if (!may) known?.remove();
    if (!may || known) return;
    const button = Object.assign(document.createElement('button'), { type: 'button', title: root.data.hide });
    button.onclick = () => {
      if (performance.now() - root.hid < DOUBLE) return;
      root.hid = performance.now();
      item.remove();
      root.press(item.drawing.id);
    };
    item.append(button);
  });
  [...root.list.querySelectorAll('button')].forEach((button) => {
    button.setAttribute('aria-label', `${root.data.hide}: ${button.parentElement.drawing.words}`);
  });
  root.note.textContent = root.list.children.length || !root.version ? '' : root.data.empty;
};

const show = (root, tiles) => {
  const known = new Map([...root.list.children].map((item) => [item.drawing.id, item]));
  const first = known.size === 0;
  tiles.forEach((drawing, place) => {
    const item = known.get(drawing.id) ?? build();
    known.delete(drawing.id);
    item.classList.toggle('new', !first && !item.drawing);
    item.drawing = drawing;
    fill(item, drawing);
    if (root.list.children[place] !== item) root.list.insertBefore(item, root.list.children[place] ?? null);
  });
  known.forEach((item) => item.remove());
  if (!first && !tiles.length) root.emptied(); // a new class: what this visitor has sent is gone
  dress(root);
};

const ask = async (root) => {
  clearTimeout(root.timer);
  const isBusy = root.list.querySelector('button') && performance.now() - root.moved < QUIET;
  if (!document.hidden && !isBusy) {
    const response = await fetch(`${root.data.source}&after=${root.version}`).catch(() => undefined);
    const news = response?.status === 200 ? await response.json().catch(() => undefined) : undefined;
    if (news && !root.off.signal.aborted) {
      root.version = news.version;
      show(root, news.shown['wall-tiles']);
    }
  }
  clearTimeout(root.timer); // somebody else has asked meanwhile
  if (!root.off.signal.aborted) root.timer = setTimeout(ask, isBusy ? QUIET : EVERY, root);
};

const watch = (parentElement) => {
  const list = parentElement.querySelector('.wall-tiles');
  const note = parentElement.querySelector('.wall-empty');
  const root = { list, note, version: '', moved: -QUIET, hid: -DOUBLE, timer: 0, off: new AbortController() };
  const listen = (target, type, handle) => target.addEventListener(type, handle, { signal: root.off.signal });
  listen(list, 'pointermove', () => (root.moved = performance.now()));
  listen(list, 'pointerdown', () => (root.moved = performance.now()));
  listen(document, 'visibilitychange', () => document.hidden || ask(root));
  return root;
};

export default function ({ parentElement, data, setTriggerValue }) {
  const known = parentElement.wall;
  const root = known ?? (parentElement.wall = watch(parentElement));
  if (root.data && root.data.source !== data.source) root.version = ''; // another language
  root.data = data;
  root.press = (id) => setTriggerValue('pressed', id);
  root.emptied = () => setTriggerValue('emptied', true);
  if (known) dress(root);
  ask(root); // what was just sent, or hidden, shows at once
  return () => {
    root.off.abort();
    clearTimeout(root.timer);
    delete parentElement.wall;
  };
}
