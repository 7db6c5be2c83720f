// Tiles of units, and one unit's products pixel by pixel. All parts stay; only pictures, lengths and numbers change.

const SIDE = 28;

const TILE =
  `<button type="button"><canvas width="${SIDE}" height="${SIDE}" aria-hidden="true"></canvas>` +
  '<span class="level"><i></i></span><span class="name"></span><span class="value"></span></button>';

const listen = (node) => {
  const product = node.querySelector('.product');
  product.querySelectorAll('figure').forEach((figure) => {
    figure.onpointermove = figure.onpointerdown = (event) => {
      const box = figure.firstChild.getBoundingClientRect();
      const at = (distance, length) => Math.min(Math.max(Math.floor((distance / length) * SIDE), 0), SIDE - 1);
      node.pointed = true;
      point(node, at(event.clientY - box.top, box.height) * SIDE + at(event.clientX - box.left, box.width));
    };
  });
  product.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE }[event.key];
    if (!step) return;
    event.preventDefault();
    node.pointed = true;
    const next = node.pixel + step;
    if (next >= 0 && next < SIDE * SIDE) point(node, next);
  };
};

const numbers = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

const written = (value, signed = false) => {
  const digits = Number(Math.abs(value).toPrecision(3)).toString();
  return (value < 0 ? '−' : signed && value > 0 ? '+' : '') + digits;
};

const point = (node, pixel) => {
  node.pixel = pixel;
  const row = Math.floor(pixel / SIDE);
  const column = pixel % SIDE;
  node.querySelectorAll('figure i').forEach((mark) => {
    mark.style.left = `${(100 * column) / SIDE}%`;
    mark.style.marginTop = `${(100 * row) / SIDE}%`; // of the width, as CSS has it: the picture is a square
  });
  const { inputs, weights, text } = node.product;
  const values = {
    row: row + 1,
    column: column + 1,
    input: written(inputs[pixel]),
    weight: weights[pixel] < 0 ? `(${written(weights[pixel])})` : written(weights[pixel]),
    product: written(inputs[pixel] * weights[pixel], true),
  };
  node.querySelector('.pixel').textContent = text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
};

const paint = (canvas, values, colour) => {
  const image = new ImageData(SIDE, SIDE);
  values.forEach((value, pixel) => image.data.set(colour(value), 4 * pixel));
  canvas.getContext('2d').putImageData(image, 0, 0);
};

const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);

const coloured = (values, [lowers, raises]) => {
  const scale = largest(values);
  return (value) => [...(value < 0 ? lowers : raises), (255 * Math.abs(value)) / scale];
};

const showProduct = (node, data) => {
  const product = node.querySelector('.product');
  product.hidden = node.querySelector('.pixel').hidden = !data.product;
  if (!data.product) return;
  if (!product.onkeydown) listen(node);
  const inputs = numbers(data.product.inputs);
  const weights = numbers(data.product.weights);
  const products = inputs.map((input, pixel) => input * weights[pixel]);
  node.product = { inputs, weights, text: data.product.text };
  product.setAttribute('aria-label', data.product.label);
  product.querySelectorAll('figcaption').forEach((caption, place) => (caption.textContent = data.product.names[place]));
  const [ink, weight, result] = product.querySelectorAll('canvas');
  const low = inputs.reduce((least, input) => Math.min(least, input), Infinity);
  const span = inputs.reduce((most, input) => Math.max(most, input), -Infinity) - low || 1;
  paint(ink, inputs, (input) => [255, 255, 255, (255 * (input - low)) / span]);
  paint(weight, weights, coloured(weights, data.product.colours));
  paint(result, products, coloured(products, data.product.colours));
  // until somebody points at one: the pixel that counts most
  const most = largest(products);
  point(node, node.pointed ? node.pixel : Math.max(products.findIndex((value) => Math.abs(value) >= most), 0));
};

export default function ({ parentElement, data, setTriggerValue }) {
  const node = parentElement.querySelector('.neurons');
  const units = node.querySelector('.units');
  const line = node.querySelector('.line');
  units.setAttribute('aria-label', data.label);
  units.classList.toggle('ten', data.tiles.length <= 10);
  while (units.children.length > data.tiles.length) units.lastChild.remove();
  while (units.children.length < data.tiles.length) units.insertAdjacentHTML('beforeend', TILE);
  const strip = (node.newest = new Image());
  strip.src = data.strip;
  strip.decode().then(() => {
    if (node.newest !== strip) return; // overtaken by a newer one
    const longest = largest(data.tiles.map((tile) => tile.level));
    data.tiles.forEach(({ id, name, value, level, line: text }, place) => {
      const tile = units.children[place];
      const context = tile.firstChild.getContext('2d');
      context.clearRect(0, 0, SIDE, SIDE);
      context.drawImage(strip, 0, place * SIDE, SIDE, SIDE, 0, 0, SIDE, SIDE);
      const bar = tile.querySelector('i');
      bar.style.width = `${(100 * Math.abs(level)) / longest}%`;
      bar.classList.toggle('negative', level < 0);
      tile.querySelector('.name').textContent = name;
      tile.querySelector('.value').textContent = value;
      tile.setAttribute('aria-pressed', String(id === data.chosen));
      tile.onclick = () => setTriggerValue('clicked', id);
      tile.onpointerenter = tile.onfocus = () => (line.textContent = text);
      tile.onpointerleave = tile.onblur = () => (line.textContent = node.chosenLine);
      if (id === data.chosen) node.chosenLine = text;
    });
    const under = units.querySelector(':hover > canvas')?.parentElement;
    const shown = data.tiles[[...units.children].indexOf(under)];
    line.textContent = shown ? shown.line : node.chosenLine;
  });
  node.querySelector('h2').textContent = data.title;
  showProduct(node, data);
}
