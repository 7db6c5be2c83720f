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
    font: 1.15rem/1.4 var(--st-font, sans-serif); color: #a3a8b4; text-align: center; text-wrap: balance;
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

// Presses the package's own "send" button: the strokes leave now.
const press = (root) => root.querySelector('.dc-toolbar button[aria-label^="Update the app"]')?.click();

// The board as it looks now, with the stroke that is being drawn, small.
const LIVE_SIDE = 200;
const picture = (root) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: LIVE_SIDE, height: LIVE_SIDE });
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  for (const layer of ['lower', 'upper']) {
    context.drawImage(root.querySelector(`canvas.dc-canvas.${layer}-canvas`), 0, 0, LIVE_SIDE, LIVE_SIDE);
  }
  return canvas.toDataURL('image/png');
};

// Pictures go out a few times a second at most, and rarer where the answer takes long.
const LIVE_EVERY = 200; // ms
const LIVE_SHARE = 1 / 5; // of the time, spent waiting for answers
// When the pen has rested, not between the strokes of a digit, the view follows: it is asked for like the answer, or
// comes from the script, which then has the strokes reported. Where it needs them for undo alone, that has more time,
// but for the first stroke, after which there is something to undo.
const REST = 350; // ms
const LONG_REST = 1500; // ms
const PATIENCE = 5000; // ms
const UNPICTURED = 100; // ms between two requests for the picture of a drawing that the canvas was given

// The strokes stay in this tab, for the session that a reload begins. Private windows may refuse.
const KEPT = 'mnist-pad';
const keep = (strokes) => {
  try {
    const objects = strokes.map(([path, rest]) => ({ ...JSON.parse(rest), path: JSON.parse(path) }));
    sessionStorage.setItem(KEPT, JSON.stringify(objects));
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
  const pad = { data: {}, empty: true, drawing: false, moved: false, unsent: false, asked: 0, timers: {}, kept: false };
  const off = new AbortController();
  const listen = (target, types, handle, options) =>
    types.forEach((type) => target.addEventListener(type, handle, { signal: off.signal, ...options }));
  const later = (name, handle, wait) => {
    clearTimeout(pad.timers[name]);
    pad.timers[name] = setTimeout(handle, wait);
  };
  pad.later = later;
  const tell = (type, detail) => dispatchEvent(new CustomEvent(type, { detail }));

  pad.show = () => {
    clearTimeout(pad.timers.show);
    const root = findCanvas(board);
    if (!root) {
      later('show', pad.show, 20); // the canvas's script is still on its way
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
    clearTimeout(pad.timers.rest);
    drop(); // a view of before, which others may be waiting behind
    tell('mnist-pen');
    later('live', live, LIVE_EVERY);
  });
  listen(window, ['mousemove', 'touchmove'], () => (pad.moved = true));

  const drop = () => {
    pad.asked += 1;
    pad.asking?.abort();
  };
  // Sends a picture, and tells the page what is read there. Of two answers, only that to the later picture counts.
  const ask = async (content, more = '') => {
    const { ask: base, about } = pad.data;
    if (!base) return;
    drop();
    const number = pad.asked;
    const asking = (pad.asking = new AbortController());
    later('patience', () => asking.abort(), PATIENCE);
    const began = performance.now();
    const request = { method: 'POST', body: content, signal: asking.signal };
    const response = await fetch(base + more, request).catch(() => undefined);
    const answer = response?.ok ? await response.json().catch(() => undefined) : undefined;
    if (number !== pad.asked) return;
    tell('mnist-answer', { about, content: answer, live: pad.drawing });
    if (pad.drawing) later('live', live, Math.max(LIVE_EVERY, (performance.now() - began) / LIVE_SHARE));
  };
  const live = () => {
    const root = findCanvas(board);
    if (root && pad.moved) {
      pad.moved = false;
      ask(picture(root), '&live=1');
    } else {
      later('live', live, LIVE_EVERY / 4);
    }
  };

  // The strokes, and the picture of them first: together they are one message.
  const send = (root) => {
    pad.sent = Date.now();
    pad.set('picture', { at: pad.sent, address: picture(root) });
    press(root);
  };
  const report = () => {
    clearTimeout(pad.timers.rest);
    const root = findCanvas(board);
    if (pad.unsent && root) send(root);
    pad.unsent = false;
  };
  // What the view shows has been computed when the script asks for it, and is there before.
  const rest = async () => {
    const root = findCanvas(board);
    if (root && pad.data.view) await ask(picture(root), '&view=1');
    if (pad.drawing) return;
    if (pad.data.view && !pad.data.empty) later('rest', report, LONG_REST - REST);
    else report();
  };
  // The same events as the package uses, caught after it: on `window`, where they arrive last. It draws the finished
  // stroke in the next frame, before this one's turn in it.
  listen(window, ['mouseup', 'touchend'], (event) => {
    if (!pad.drawing || event.button || event.touches?.length) return;
    pad.drawing = false;
    pad.unsent = true;
    clearTimeout(pad.timers.live);
    requestAnimationFrame(() => findCanvas(board) && ask(picture(findCanvas(board))));
    later('rest', rest, REST);
  });
  // Whatever else is pressed is about the drawing as it is.
  listen(window, ['pointerdown', 'keydown'], (event) => board.contains(event.target) || report(), { capture: true });
  // Another page waits until this one's script has the strokes: reported after it was asked for, they would have a part
  // of this page run in its place.
  const isHeard = () => !pad.unsent && pad.sent === pad.data.heard;
  const leave = () => {
    clearTimeout(pad.timers.leave);
    const link = pad.leaving;
    pad.leaving = undefined;
    link?.click();
  };
  pad.hear = () => isHeard() && leave();
  listen(
    window,
    ['click'],
    (event) => {
      const link = event.target.closest?.('a:not([target=_blank])');
      if (!link || isHeard() || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      pad.leaving = link;
      report();
      later('leave', () => { pad.sent = pad.data.heard; leave(); }, PATIENCE);
    },
    { capture: true },
  );
  listen(window, ['popstate'], () => clearTimeout(pad.timers.rest));
  // The package doesn't know touchcancel (a call comes in, a system gesture): without an end the stroke would
  // stay open, and on devices that number touches onwards no later touch would draw.
  listen(window, ['touchcancel'], (event) => {
    if (!pad.drawing) return;
    const touches = { touches: [], changedTouches: [...event.changedTouches], bubbles: true };
    document.dispatchEvent(new TouchEvent('touchend', touches));
  });
  // A canvas that is given a drawing shows it, but sends no picture of it by itself. What it sends before it has drawn
  // it is void, and asked for again.
  pad.bePictured = () => {
    if (!pad.data.unpictured || pad.drawing) return;
    const root = findCanvas(board);
    if (isInked(root)) send(root);
    else later('picture', pad.bePictured, UNPICTURED);
  };
  pad.stop = () => {
    Object.values(pad.timers).forEach(clearTimeout);
    off.abort();
    delete board.pad;
  };
  return pad;
};

export default function ({ data, parentElement, setStateValue }) {
  const board = parentElement.closest('.st-key-pad');
  if (!board) return undefined;
  const pad = (board.pad ??= watch(board));
  if (pad.data.about !== data.about) pad.asked += 1; // answers to pictures of before no longer count
  pad.data = data;
  pad.set = setStateValue;
  pad.empty = data.empty && !pad.drawing && !pad.unsent;
  pad.show();
  pad.sent ??= data.heard;
  pad.hear();
  if (data.unpictured) pad.later('picture', pad.bePictured, UNPICTURED);
  if (!data.untouched) {
    keep(data.strokes);
  } else if (!pad.kept) {
    pad.kept = true;
    if (kept().length) setStateValue('kept', kept());
  }
  return pad.stop;
}
