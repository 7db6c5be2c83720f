// Tiles that stay: a new picture is drawn over the old one once it is decoded, so nothing blinks.

const SIDE = 28;

const build = (isLink) => {
  const tile = document.createElement(isLink ? 'a' : 'button');
  const canvas = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
  canvas.setAttribute('aria-hidden', 'true');
  tile.append(canvas, document.createElement('span'));
  return tile;
};

// Streamlit takes this for a step through the browser's history, so it stays in its session. A switch of pages in
// Python, from a page that is updated twice a second, sometimes ends on an empty page: an update under way undoes it.
const follow = (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window, as with every link
  event.preventDefault();
  history.pushState(null, '', link);
  dispatchEvent(new PopStateEvent('popstate'));
};

export default function ({ parentElement, data, setTriggerValue }) {
  const node = parentElement.querySelector('.gallery');
  node.setAttribute('aria-label', data.label);
  node.style.setProperty('--tile', data.width);
  node.classList.toggle('bare', !data.captions);
  node.classList.toggle('clear', data.clear);
  while (node.children.length > data.tiles.length) node.lastChild.remove();
  while (node.children.length < data.tiles.length) node.append(build(Boolean(data.tiles[0].link)));
  const strip = (node.newest = new Image());
  strip.src = data.strip;
  strip.decode().then(() => {
    if (node.newest !== strip) return; // overtaken by a newer one
    data.tiles.forEach(({ id, name, link }, place) => {
      const tile = node.children[place];
      const context = tile.firstChild.getContext('2d');
      context.clearRect(0, 0, SIDE, SIDE);
      context.drawImage(strip, 0, place * SIDE, SIDE, SIDE, 0, 0, SIDE, SIDE);
      tile.lastChild.textContent = name;
      tile.title = data.captions ? '' : name;
      if (link) {
        tile.href = link;
        tile.onclick = (event) => follow(event, link);
      } else {
        tile.type = 'button';
        tile.setAttribute('aria-pressed', String(id === data.chosen));
        tile.onclick = () => setTriggerValue('clicked', id);
      }
    });
  });
}
