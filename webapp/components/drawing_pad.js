// Helps the drawing canvas of streamlit-drawable-canvas, which lives beside this component in `.st-key-pad`.
// The canvas sits in an open shadow root, so its parts can be styled and its "send" button pressed from here.
// If a new version of the package renames those parts, drawing still works: only later, and in its own looks.

// The board fills the square that Streamlit reserves, whatever the canvas's logical size. The toolbar goes
// because undo, redo and clear belong to Python, and because on touch it is invisible but alive.
const STYLE = `
  .dc-toolbar { display: none !important; }
  .dc-root, .dc-scroll, .dc-container, .canvas-container, canvas {
    position: absolute !important; inset: 0 !important;
    width: 100% !important; height: 100% !important;
    max-height: none !important; overflow: hidden !important;
    outline: none !important;
  }
  canvas { touch-action: none !important; user-select: none; -webkit-user-select: none; -webkit-touch-callout: none; }
  .pad-hint {
    position: absolute; inset: 0; z-index: 30; display: grid; place-items: center; padding: 1rem;
    font: 1.15rem/1.4 var(--st-font, sans-serif); color: #a3a8b4; text-align: center;
    pointer-events: none; user-select: none; -webkit-user-select: none;
  }
  .pad-hint[hidden] { display: none; }
`;

const findCanvas = (board) =>
  [...board.querySelectorAll('*')]
    .map((element) => element.shadowRoot)
    .find((root) => root?.querySelector('canvas.upper-canvas'));

// Gives the canvas its looks and its hint; called again after every run, as the canvas may be a new one.
const dress = (root) => {
  if (!root.querySelector('.pad-hint')) {
    const looks = `<style>${STYLE}</style><div class="pad-hint"></div>`;
    root.append(document.createRange().createContextualFragment(looks));
  }
  return root.querySelector('.pad-hint');
};

// Presses the package's own "send" button: the finished drawing leaves now, and the message that the package
// would have sent 200 ms later is cancelled by the package itself.
const send = (root) => root?.querySelector('.dc-toolbar button[aria-label^="Update the app"]')?.click();

// The board as it looks now, with the stroke that is being drawn, as a small picture.
const LIVE_SIDE = 200;
// They go out five times a second at most, and rarer where the answer takes long: thirty pens must not keep the server
// so busy that finished strokes wait.
const LIVE_EVERY = 200; // ms
const LIVE_SHARE = 1 / 5; // of the time, spent waiting for answers
const picture = (root) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: LIVE_SIDE, height: LIVE_SIDE });
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  for (const layer of ['lower', 'upper']) {
    context.drawImage(root.querySelector(`canvas.dc-canvas.${layer}-canvas`), 0, 0, LIVE_SIDE, LIVE_SIDE);
  }
  return canvas.toDataURL('image/png');
};

// The strokes stay in this tab, for the session that a reload begins. Private windows may refuse.
const KEPT = 'mnist-pad';
const keep = (strokes) => {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(strokes));
  } catch {
    // without it, a reload begins with an empty board
  }
};
const kept = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? '[]');
  } catch {
    return [];
  }
};

const isInked = (root) => {
  const canvas = root?.querySelector('canvas.dc-canvas.lower-canvas');
  if (!canvas?.width) return false;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, place) => place % 4 === 3 && value);
};

const watch = (board) => {
  const pad = { data: {}, empty: true, drawing: false, moved: false, sent: 0, timer: 0, ticker: 0, asking: 0, asked: false };
  const off = new AbortController();
  const listen = (target, types, handle) =>
    types.forEach((type) => target.addEventListener(type, handle, { signal: off.signal }));

  pad.show = () => {
    clearTimeout(pad.timer);
    const root = findCanvas(board);
    if (!root) {
      pad.timer = setTimeout(pad.show, 20); // the canvas's script is still on its way
      return;
    }
    const hint = dress(root);
    hint.textContent = pad.data.hint;
    hint.hidden = !pad.empty || pad.drawing;
    const surface = root.querySelector('canvas.upper-canvas');
    surface.setAttribute('role', 'img');
    surface.setAttribute('aria-label', pad.data.hint);
  };
  listen(board, ['mousedown', 'touchstart'], (event) => {
    if (event.button || !event.composedPath()[0].matches?.('canvas')) return;
    pad.drawing = true;
    pad.empty = false;
    pad.show();
    clearTimeout(pad.ticker);
    pad.ticker = setTimeout(pad.sendLive, LIVE_EVERY);
  });
  listen(window, ['mousemove', 'touchmove'], () => (pad.moved = true));
  const sendPicture = (root) => {
    const { stamp, strokes } = pad.data;
    pad.set('live', { stamp, strokes: strokes.length, penDown: pad.drawing, picture: picture(root) });
  };
  pad.sendLive = () => {
    const root = findCanvas(board);
    if (root && pad.moved) {
      sendPicture(root);
      pad.sent = performance.now();
      pad.moved = false;
    } else {
      pad.ticker = setTimeout(pad.sendLive, LIVE_EVERY / 4);
    }
  };
  pad.answered = () => {
    if (!pad.sent) return;
    const wait = Math.max(LIVE_EVERY, (performance.now() - pad.sent) / LIVE_SHARE);
    pad.sent = 0;
    if (pad.drawing) pad.ticker = setTimeout(pad.sendLive, wait);
  };
  // The same events as the package uses, caught after it: on `window`, where they arrive last. The microtask
  // lets the one in which the package notes the new stroke go first.
  listen(window, ['mouseup', 'touchend'], (event) => {
    if (!pad.drawing || event.button || event.touches?.length) return;
    pad.drawing = false;
    clearTimeout(pad.ticker);
    queueMicrotask(() => send(findCanvas(board)));
  });
  // The package doesn't know touchcancel (a call comes in, a system gesture): without an end the stroke would
  // stay open, and on devices that number touches onwards no later touch would draw.
  listen(window, ['touchcancel'], (event) => {
    if (!pad.drawing) return;
    const touches = { touches: [], changedTouches: [...event.changedTouches], bubbles: true };
    document.dispatchEvent(new TouchEvent('touchend', touches));
  });
  // A canvas that is mounted with a drawing shows it, but sends no picture of it by itself: of one that came back
  // after a reload, Python has none.
  pad.bePictured = (tries) => {
    clearTimeout(pad.asking);
    if (!pad.data.unpictured || !tries) return;
    const root = findCanvas(board);
    if (isInked(root)) sendPicture(root);
    else pad.asking = setTimeout(() => pad.bePictured(tries - 1), 100);
  };
  pad.stop = () => {
    clearTimeout(pad.timer);
    clearTimeout(pad.asking);
    clearTimeout(pad.ticker);
    off.abort();
    delete board.pad;
  };
  return pad;
};

export default function ({ data, parentElement, setStateValue }) {
  const board = parentElement.closest('.st-key-pad');
  if (!board) return undefined;
  const pad = (board.pad ??= watch(board));
  pad.data = data;
  pad.set = setStateValue;
  pad.empty = data.empty;
  pad.show();
  pad.answered();
  pad.bePictured(100);
  if (!data.untouched) {
    keep(data.strokes);
  } else if (!pad.asked) {
    pad.asked = true;
    if (kept().length) setStateValue('kept', kept());
  }
  return pad.stop;
}
