// Search: pages before the reference; a question counts as its large words, and a word that the book does not have as the
// nearest one that it has.
Scorer.score = ([page, , , , score]) => (/^(genindex|py-modindex|prf-prf|book\/(api|changes|trace|bibliography))/.test(page) ? score / 4 : score);

(function () {
  "use strict";

  // Words of a question that no page is about.
  const SMALL = new Set("a an are can do does for how i in is it me my of on or the to we what when where which who why with you your".split(" "));

  /** Whether a word becomes the other by at most `most` letters that are added, lost, changed or swapped; and by how many. */
  function distance(one, other, most) {
    if (Math.abs(one.length - other.length) > most) return Infinity;
    let [older, old] = [[], Array.from({ length: other.length + 1 }, (_, j) => j)];
    for (let i = 1; i <= one.length; i++) {
      const row = [i];
      for (let j = 1; j <= other.length; j++) {
        row[j] = Math.min(old[j] + 1, row[j - 1] + 1, old[j - 1] + (one[i - 1] !== other[j - 1]));
        if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) row[j] = Math.min(row[j], older[j - 2] + 1);
      }
      [older, old] = [old, row];
    }
    return old[other.length] > most ? Infinity : old[other.length];
  }

  /** The word itself if a page has it or a longer one, else the nearest that a page has. */
  function known(word, words) {
    if (word.length < 4 || words.some((other) => other.startsWith(word))) return word;
    const most = word.length < 7 ? 1 : word.length < 10 ? 2 : 3; // words are stems, so the end of a long one differs too
    let [best, least] = [word, Infinity];
    for (const other of words) {
      const far = distance(word, other, most);
      if (far < least) [best, least] = [other, far];
    }
    return best;
  }

  const parse = Search._parseQuery;
  Search._parseQuery = (query) => {
    const told = query.split(/\s+/).filter((word) => !SMALL.has(word.toLowerCase()));
    const [text, terms, ...rest] = parse(told.length ? told.join(" ") : query);
    const words = Object.keys(Search._index.terms).concat(Object.keys(Search._index.titleterms));
    return [text, new Set([...terms].map((word) => known(word, words))), ...rest];
  };
})();
