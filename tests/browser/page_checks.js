// What page_checks.py asks a page: each function below returns its findings as sentences. It is evaluated anew each
// time; `window.visited` is all that stays.

// ---- Controls: what one can press, or type into

const CONTROLS = `a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex="-1"]),
  [role=button], [role=radio], [role=tab], [role=switch], [role=slider], [role=checkbox], [role=combobox]`;

const everything = (root = document.body) =>
  [...root.querySelectorAll('*')].flatMap((node) => [node, ...(node.shadowRoot ? everything(node.shadowRoot) : [])]);

const isShown = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length > 0;

const isPressable = (node) => getComputedStyle(node).pointerEvents !== 'none' && getComputedStyle(node).opacity > 0;

const isInline = (node) => getComputedStyle(node).display === 'inline';

const controls = () =>
  everything().filter(
    (node) => node.matches(CONTROLS) && !node.disabled && !node.closest('[inert], [aria-hidden=true]') && isShown(node),
  );

// Where a control is pressed: of a box that is ticked, its label is part.
const target = (node) => (node.matches('input[type=checkbox], input[type=radio]') && node.closest('label')) || node;

const targets = () => [...new Set(controls().map(target))].filter(isPressable);

const GENERATED = /^st-emotion|^e[0-9a-z]{6,}$/; // classes that another version of Streamlit calls otherwise

const name = (node) => {
  const key = node.closest('[class*=st-key-]')?.className.match(/st-key-[^ ]+/)[0];
  const part = node.closest('[data-testid]')?.dataset.testid;
  const kind = [node.localName, ...node.classList].filter((word) => !GENERATED.test(word)).join('.');
  const text = node.getAttribute('aria-label') || node.textContent.trim() || node.title || node.type || '';
  return [key, part, kind, `"${text.slice(0, 40)}"`].filter(Boolean).join(' ');
};

// ---- Places: where things are on the screen

// What is seen of a box within an element: it and those around it may cut off the rest.
const seenPart = ({ left, top, right, bottom }, within) => {
  for (let outer = within; outer && !outer.matches('.stMain, body'); outer = outer.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(outer);
    const box = outer.getBoundingClientRect();
    if (overflowX !== 'visible') [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
    if (overflowY !== 'visible') [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
  }
  return { left, top, right, bottom, width: right - left, height: bottom - top };
};

// A link that goes on in a second line is two boxes. What is hidden from the eye is smaller than three pixels.
const boxes = (node) =>
  (isInline(node) ? [...node.getClientRects()] : [node.getBoundingClientRect()])
    .map((rect) => seenPart(rect, node.parentElement))
    .filter((box) => box.width > 2 && box.height > 2);

const cross = (a, b) =>
  Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;

// What stays in sight while the page scrolls below it lies over everything in turn, and in nobody's way.
const stays = (node) =>
  node !== null && (/sticky|fixed/.test(getComputedStyle(node).position) || stays(node.parentElement));

function sidewaysScrolling() {
  const main = document.querySelector('.stMain');
  if (main.scrollWidth <= main.clientWidth && document.documentElement.scrollWidth <= innerWidth) return [];
  const edge = main.getBoundingClientRect().left + main.clientWidth + 1;
  const wide = everything(main).filter(
    (node) => isShown(node) && seenPart(node.getBoundingClientRect(), node.parentElement).right > edge,
  );
  const inner = wide.filter((node) => !wide.some((other) => other !== node && node.contains(other)));
  return [`the page is ${main.scrollWidth} wide of ${main.clientWidth}: ${inner.slice(0, 3).map(name).join('; ')}`];
}

function overlaps() {
  const found = new Set();
  const apart = (a, b) => !a.contains(b) && !b.contains(a);
  const all = targets()
    .filter((node) => !stays(node))
    .flatMap((node) => boxes(node).map((box) => ({ node, box })));
  all.forEach(({ node, box }, place) => {
    for (const other of all.slice(place + 1)) {
      if (apart(node, other.node) && cross(box, other.box)) found.add(`${name(node)} lies over ${name(other.node)}`);
    }
  });
  const texts = document.createTreeWalker(document.querySelector('.stMain'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !isShown(parent) || !isPressable(parent) || stays(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    for (const box of [...range.getClientRects()].map((rect) => seenPart(rect, parent))) {
      const over = all.find((pressed) => apart(pressed.node, parent) && cross(box, pressed.box));
      if (box.width > 2 && over) found.add(`${name(over.node)} lies over the text ${name(parent)}`);
    }
  }
  return [...found];
}

// By WCAG 2.5.8, links within a sentence are as high as its letters.
function smallTargets() {
  const length = (node) => node.textContent.trim().length;
  return targets()
    .filter((node) => boxes(node).length && !(isInline(node) && length(node.parentElement) > length(node)))
    .map((node) => ({ node, box: node.getBoundingClientRect() }))
    .filter(({ box }) => box.width < 23.5 || box.height < 23.5)
    .map(({ node, box }) => `${name(node)} is ${Math.round(box.width)} by ${Math.round(box.height)}`);
}

// ---- Motion

function motion() {
  const found = new Set();
  const isLong = (durations) => Math.max(...durations.split(',').map(parseFloat)) > 0.01; // seconds
  for (const node of everything().filter(isShown)) {
    for (const part of [null, '::before', '::after']) {
      const style = getComputedStyle(node, part);
      if (part && style.content === 'none') continue;
      if (style.transitionProperty !== 'none' && isLong(style.transitionDuration)) {
        found.add(`${name(node)} changes slowly: ${style.transitionProperty}`);
      }
      if (style.animationName !== 'none' && isLong(style.animationDuration)) {
        found.add(`${name(node)} moves: ${style.animationName}`);
      }
    }
  }
  return [...found];
}

// ---- The keyboard

const LINES = ['outlineStyle', 'outlineWidth', 'outlineColor', 'boxShadow', 'borderTopColor', 'borderTopWidth'];

// What of the looks of a control and its surroundings may show that it has the focus.
const look = (node) => {
  const lines = (other) =>
    [null, '::before', '::after'].flatMap((part) => LINES.map((line) => getComputedStyle(other, part)[line])).join(' ');
  if (!node.matches('a, button, input, textarea')) return lines(node);
  const outer = [];
  for (let other = node, level = 0; other && level < 4; other = other.parentElement, level++) outer.push(other);
  return [...outer, ...(node.closest('label') ?? node).querySelectorAll('*')].map(lines).join('\n');
};

// Notes what has the focus, and how it looks; false when the round, which leads over the end of the page, is complete.
function visit() {
  const deep = (root) => (root.activeElement?.shadowRoot ? deep(root.activeElement.shadowRoot) : root.activeElement);
  const node = deep(document);
  if (window.visited.has(node)) return false;
  if (node && node !== document.body) window.visited.set(node, look(node));
  return true;
}

function keyboardGaps() {
  document.activeElement?.blur();
  const visited = [...window.visited.keys()];
  const group = (node) => node.closest('[role=radiogroup], [role=tablist], [role=toolbar], [role=listbox]');
  // Within a group, the arrow keys lead on.
  const isSameGroup = (node, other) =>
    (group(node) && group(node) === group(other)) || (node.type === 'radio' && node.name && node.name === other.name);
  const isReached = (node) =>
    visited.some(
      (other) =>
        node.contains(other) || (other.matches('a, button') && other.contains(node)) || isSameGroup(node, other),
    );
  const missed = controls().filter((node) => !isReached(node));
  const dull = visited.filter((node) => node.isConnected && isShown(node) && look(node) === window.visited.get(node));
  return [
    ...missed.map((node) => `${name(node)} is out of the keyboard's reach`),
    ...dull.map((node) => `${name(node)} does not show that it has the focus`),
  ];
}
