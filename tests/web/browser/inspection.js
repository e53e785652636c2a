// Looks over a page and returns what is wrong with it, as lists of words by kind; empty lists when all is well.
(() => {
  const seen = (element) => element.checkVisibility({ checkVisibilityCSS: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  const short = (element) => element.outerHTML.slice(0, 160);
  const name = (element) =>
    (element.getAttribute("aria-label") || element.textContent || element.getAttribute("title") || "").trim();

  const headings = all("h1, h2, h3, h4").filter((heading) => !heading.closest("dialog"));
  const levels = headings.map((heading) => Number(heading.tagName[1]));
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const references = [...document.querySelectorAll("[aria-labelledby], [aria-describedby], label[for]")].flatMap((one) =>
    ["aria-labelledby", "aria-describedby", "for"].map((attribute) => one.getAttribute(attribute)).filter(Boolean),
  );

  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  function rgba(colour) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  }
  function over([r, g, b, a], [r2, g2, b2]) {
    const part = a / 255;
    return [r * part + r2 * (1 - part), g * part + g2 * (1 - part), b * part + b2 * (1 - part), 255];
  }
  function behind(element) {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.push(rgba(getComputedStyle(one).backgroundColor));
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 255]);
  }
  function brightness(colour) {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function contrast(element) {
    const ground = behind(element);
    const [light, dark] = [brightness(over(rgba(getComputedStyle(element).color), ground)), brightness(ground)].sort(
      (a, b) => b - a,
    );
    return (light + 0.05) / (dark + 0.05);
  }
  function isLarge(element) {
    const { fontSize, fontWeight } = getComputedStyle(element);
    return parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && Number(fontWeight) >= 700);
  }
  const texts = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.textContent.trim() && seen(element) && !element.closest("script, option")) texts.add(element);
  }

  return {
    language: document.documentElement.lang === "ru" ? [] : ["lang"],
    title: document.title.includes("Ситуационный центр") ? [] : [document.title],
    landmarks: document.querySelectorAll("main").length === 1 ? [] : ["main"],
    "one h1": levels.filter((level) => level === 1).length === 1 ? [] : levels,
    "no level left out": headings.filter((_, at) => at > 0 && levels[at] > levels[at - 1] + 1).map(short),
    "ids named once": ids.filter((id, at) => ids.indexOf(id) !== at),
    "names that lead nowhere": references.flatMap((ids) => ids.split(" ")).filter((id) => !document.getElementById(id)),
    "fields without a label": all("input:not([type=hidden]), select, textarea")
      .filter((field) => !field.labels?.length && !field.getAttribute("aria-label"))
      .map(short),
    "nameless buttons and links": all("button, a[href], summary").filter((one) => !name(one)).map(short),
    "small targets": all("button, .btn").filter((one) => one.getBoundingClientRect().height < 24 && !one.matches(".line-second")).map(short),
    "lists without items": all("ul, ol").filter((list) => [...list.children].some((item) => item.tagName !== "LI")).map(short),
    "pale words": [...texts]
      .filter((element) => contrast(element) < (isLarge(element) ? 3 : 4.5))
      .map((element) => `${contrast(element).toFixed(2)} ${element.textContent.trim().slice(0, 40)} ${short(element)}`),
  };
})();
