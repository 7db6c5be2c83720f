// Takes a picture that is pasted anywhere on the page and sends it to Python as the address of a PNG or a JPEG.

const LONGEST = 2000; // pixels: a larger picture is shrunk here, where it costs no network
const SMALL = 1_000_000; // bytes: a PNG above this is a photograph, which a JPEG holds in a tenth

const address = (canvas) => {
  const png = canvas.toDataURL('image/png');
  return png.length > SMALL ? canvas.toDataURL('image/jpeg', 0.9) : png;
};

const read = async (file) => {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return address(canvas);
};

export default function ({ parentElement, setTriggerValue }) {
  parentElement.off?.abort(); // Streamlit calls this again and again, and cleans up only in the end
  const off = (parentElement.off = new AbortController());
  const paste = async (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith('image/'));
    if (!file) return; // a text, which belongs to the field that it is pasted into
    event.preventDefault();
    // What the browser itself can't read is sent as something that Python refuses with a friendly word.
    setTriggerValue('picture', await read(file).catch(() => 'unreadable'));
  };
  document.addEventListener('paste', paste, { signal: off.signal });
  return () => off.abort();
}
