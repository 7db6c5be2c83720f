// Saves the file that comes with the data, once, and says so: first a line of JSON about it, then its bytes.

let last = 0;

export default function ({ data, setStateValue }) {
  if (!data?.length) return;
  const end = data.indexOf(10); // the end of the line
  const about = JSON.parse(new TextDecoder().decode(data.subarray(0, end)));
  setStateValue('saved', about.number);
  if (about.number === last) return;
  last = about.number;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([data.subarray(end + 1)]));
  link.download = about.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // a browser may still ask where to put it
}
