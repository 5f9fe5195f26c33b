// A plain search, to compare with: it sees the bank and the terms, and nothing of how people live.
(function (R) {
  "use strict";
  const { round9 } = R;
  const MOST = 20; // steps

  /**
   * From the person to a yes, one change after the other: the cheapest that the bank accepts, if one is enough, or
   * else the one that raises h most. What comes back are all steps, the person first: {point, part, chance, cost}.
   */
  function climb(limits, asked) {
    const steps = [{ point: limits.cube, part: null, chance: asked.chance(limits.cube), cost: 0 }];
    while (steps.length <= MOST) {
      const here = steps[steps.length - 1];
      if (steps.length > 1 && asked.accepts(here.point)) break;
      let best = null;
      for (const [part, point] of changes(here.point, limits)) {
        const chance = round9(asked.chance(point));
        if (!(chance > round9(here.chance))) continue;
        const step = { point, part, chance, cost: round9(limits.cost(point)), accepted: asked.accepts(point) };
        if (best === null || before(step, best)) best = step;
      }
      if (best === null) break; // no change helps
      steps.push(best);
    }
    return steps;
  }

  /** Whether one step is taken rather than another. */
  function before(one, other) {
    if (one.accepted !== other.accepted) return one.accepted;
    const [first, second] = one.accepted ? [other.cost - one.cost, 0] : [one.chance - other.chance, other.cost - one.cost];
    return first > 0 || (first === 0 && second > 0);
  }

  /** Every answer that keeps the terms and differs from this one in one feature, with that feature. */
  function* changes(here, limits) {
    const { codec, own, cube } = limits;
    for (let j = 0; j < codec.d; j++) {
      if (!limits.counted[j] || limits.fixed[j]) continue;
      const stands = codec.token(j, here[j]);
      for (let token = 0; token < codec.sizes[j]; token++) {
        if (token === stands || !limits.allowed[j][token]) continue;
        const variant = here.slice();
        variant[j] = token === own[j] ? cube[j] : codec.value(j, token);
        const point = limits.follow(variant);
        if (limits.keeps(point)) yield [j, point];
      }
    }
  }

  Object.assign(R, { climb });
})((globalThis.Recourse ??= {}));
