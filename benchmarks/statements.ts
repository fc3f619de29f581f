/**
 * U's statements about generalization, each as contrasts between planned cells. Numbers are those of our list of its statements.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import {
  type Arm,
  constant,
  contrast,
  distance,
  finalLoss,
  ft,
  fticl,
  icl,
  measured,
  placeOf,
  type ShotChoice,
  type Statement,
  trainedOn,
  trainingSets,
} from "./contrasts.ts";
import { section53 } from "./paper_values.ts";
import { fticlShotsOf } from "./profiles.ts";
import type { PlanView } from "./setting.ts";
import { tunedLabelRate } from "./tuned_labels.ts";
import type { ContrastPlan } from "./types.ts";

type Claim = ContrastPlan["claim"];

const ranks = [1, 2, 3] as const;
const inDomain = ["xsum", "xlsum", "socialqa", "paws", "amazon", "amazonfood", "multinli", "multinli2"];
const [generation, classification] = [trainingSets("generation"), trainingSets("classification")];

/** A model fine-tuned on the task of a set; null where the data lacks it. */
function tuned(view: PlanView, set: string, rank: 1 | 2 | 3 = 1): Arm | null {
  const task = trainedOn(view, set);
  return task === null ? null : ft(view, task, rank);
}

/** The model fine-tuned on the task that a test set is of. */
function ownTuned(view: PlanView, set: string, rank: 1 | 2 | 3): Arm | null {
  const place = placeOf(view, set, "all");
  return place === null ? null : ft(view, place.task, rank);
}

/** A test set at some shot counts: a score of an arm there. */
function score(view: PlanView, arm: Arm | null, set: string, shots: ShotChoice, format: 1 | 2 = 1) {
  return measured(view, arm, placeOf(view, set, shots, format));
}

/** FT at a rank against the untrained model, on one of its own task's sets. */
function againstUntrained(view: PlanView, set: string, rank: 1 | 2 | 3, claim: Claim, shots: ShotChoice = "all") {
  const arm = ownTuned(view, set, rank);
  return contrast(`${set}, ${arm?.label}`, score(view, arm, set, shots), claim, score(view, icl, set, "all"));
}

/** Models trained on one set against the untrained model on another. */
function crossed(view: PlanView, from: string, to: string, claim: Claim, shots: ShotChoice): ContrastPlan[] {
  return contrast(
    `${to}, after ${from}`,
    score(view, tuned(view, from), to, shots),
    claim,
    score(view, icl, to, shots),
  );
}

/** What a model tuned on one set scores on another against zero. */
function aboutZero(view: PlanView, from: string, to: string, format: 1 | 2): ContrastPlan[] {
  return contrast(`${to}, after ${from}`, score(view, tuned(view, from), to, "shown", format), "at most", constant(0));
}

/** FTICL, at each number of demonstrations, and FT, both trained on one set and put to another. */
function inContext(
  view: PlanView,
  from: string,
  to: string,
  claim: Claim,
  order: "FTICL first" | "FT first" = "FTICL first",
): ContrastPlan[] {
  const trained = trainedOn(view, from);
  if (trained === null) return [];
  return fticlShotsOf(trained, view.scale).flatMap((k) => {
    const both = [fticl(view, trained, k), ft(view, trained, 1)].map((arm) => score(view, arm, to, "few"));
    const [first, second] = order === "FTICL first" ? both : both.toReversed();
    return contrast(`${to}, after ${from}, ${k} shown`, first, claim, second);
  });
}

/** FTICL and FT by what training left. */
function trained(
  view: PlanView,
  set: string,
  of: (arm: Arm, task: Task, method: "ft" | "fticl") => ReturnType<typeof score>,
  greater: "ft" | "fticl",
): ContrastPlan[] {
  const task = trainedOn(view, set);
  if (task === null) return [];
  return fticlShotsOf(task, view.scale).flatMap((k) => {
    const both = [of(ft(view, task, 1), task, "ft"), of(fticl(view, task, k), task, "fticl")];
    const [first, second] = greater === "ft" ? both : both.toReversed();
    return contrast(`${set}, ${k} shown`, first, "greater", second);
  });
}

/** U's thirteen statements. */
export const statements: readonly Statement[] = [
  {
    id: "T1.1",
    name: "in-domain gain",
    source: "U Figure 1",
    statement:
      "Without demonstrations FT, at every training size, scores above the untrained model at its best shot count on XLSum, " +
      "SocialIQA, PAWS and both MNLI sets; it does not on Amazon and AmazonFood.",
    contrasts: (view) => [
      ...["xlsum", "socialqa", "paws", "multinli", "multinli2"].flatMap((set) =>
        ranks.flatMap((rank) => againstUntrained(view, set, rank, "greater", "none"))
      ),
      ...["amazon", "amazonfood"].flatMap((set) =>
        ranks.flatMap((rank) => againstUntrained(view, set, rank, "at most", "none"))
      ),
    ],
  },
  {
    id: "T1.2",
    name: "demonstrations after FT",
    source: "U Figure 1",
    statement:
      "In its own domain FT scores higher without demonstrations than at its best with them; the untrained model gains by more " +
      "demonstrations.",
    contrasts: (view) => [
      ...inDomain.flatMap((set) =>
        ranks.flatMap((rank) => {
          const arm = ownTuned(view, set, rank);
          const [none, shown] = (["none", "shown"] as const).map((shots) => score(view, arm, set, shots));
          return contrast(`${set}, ${arm?.label}`, none, "greater", shown);
        })
      ),
      ...inDomain.flatMap((set) => {
        // The paper gives no scores of the untrained model at zero shots of generation tasks.
        const place = placeOf(view, set, "all");
        const counts = place?.shots.slice(place.task.kind === "generation" ? 1 : 0) ?? [];
        if (place === null || counts.length < 2) return [];
        const [most, fewest] = [counts.at(-1)!, counts[0]].map((k) => measured(view, icl, { ...place, shots: [k] }));
        return contrast(`${set}, ICL at ${counts.at(-1)} and ${counts[0]} shots`, most, "greater", fewest);
      }),
    ],
  },
  {
    id: "T1.3",
    name: "more training rows",
    source: "U Figure 1",
    statement:
      "In its own domain and without demonstrations FT at the two larger sizes is not below the smallest, the largest not above " +
      "the middle one; XSum is nearly flat, PAWS gains much.",
    contrasts: (view) => {
      const sizes = (set: string, more: 2 | 3, less: 1 | 2, claim: Claim) => {
        const [first, second] = [more, less].map((rank) => ownTuned(view, set, rank as 1 | 2 | 3));
        const label = `${set}, ${first?.label} and ${view.scale.sizes[less - 1]}`;
        return contrast(label, score(view, first, set, "none"), claim, score(view, second, set, "none"));
      };
      return [
        ...inDomain.flatMap((set) => [...sizes(set, 2, 1, "at least"), ...sizes(set, 3, 1, "at least")]),
        ...inDomain.flatMap((set) => sizes(set, 3, 2, "at most")),
        ...sizes("xsum", 3, 1, "equal"),
        ...sizes("paws", 3, 1, "greater"),
      ];
    },
  },
  {
    id: "T1.4",
    name: "out-of-domain loss, generation",
    source: "U Figure 2",
    statement:
      "On other domains of a generation task FT scores below the untrained model at every shot count, and more training rows " +
      "do not help.",
    contrasts: (view) => {
      const sets = ["pdfs", "cnn", "tweetqa", "sciqa"];
      return [
        ...sets.flatMap((set) =>
          (placeOf(view, set, "shown")?.shots ?? []).flatMap((k) => {
            const place = { ...placeOf(view, set, "shown")!, shots: [k] };
            const arm = ft(view, place.task, 3);
            const label = `${set}, ${arm.label} at ${k} shots`;
            return contrast(label, measured(view, icl, place), "greater", measured(view, arm, place));
          })
        ),
        ...sets.flatMap((set) => {
          const [most, least] = [3, 1].map((rank) => score(view, ownTuned(view, set, rank as 1 | 3), set, "shown"));
          return contrast(`${set}, FT ${view.scale.sizes[2]} and ${view.scale.sizes[0]}`, most, "at most", least);
        }),
      ];
    },
  },
  {
    id: "T1.5",
    name: "out-of-domain gain, classification",
    source: "U Figure 2",
    statement:
      "On other domains of a classification task FT, each at its best shot count, scores above the untrained model on QQP, STS-B, " +
      "RTE and GPTNLI; on SST-2 and Yelp it is on par, but varies more over shot counts.",
    contrasts: (view) => [
      ...againstUntrained(view, "qqp", 3, "greater"),
      ...againstUntrained(view, "stsb", 2, "greater"),
      ...["stsb", "rte", "gptnli"].flatMap((set) => againstUntrained(view, set, 3, "greater")),
      ...["sst2", "yelp"].flatMap((set) => againstUntrained(view, set, 3, "equal")),
      ...["sst2", "yelp"].flatMap((set) => {
        const [tunedScores, base] = [ownTuned(view, set, 3), icl].map((arm) => score(view, arm, set, "all"));
        return contrast(`${set}, spread over shots`, tunedScores, "greater", base, "spread");
      }),
    ],
  },
  {
    id: "T1.6",
    name: "labels where text is asked for",
    source: "U Figure 3",
    statement:
      "Models fine-tuned on a classification task score about zero on generation tasks, because they answer with their labels.",
    contrasts: (view) => {
      const pairs = classification.flatMap((from) => generation.map((to) => [from, to] as const));
      return [
        ...pairs.flatMap(([from, to]) => {
          const [base, after] = [icl, tuned(view, from)].map((arm) => score(view, arm, to, "shown"));
          return contrast(`${to}, after ${from}`, base, "greater", after);
        }),
        ...pairs.flatMap(([from, to]) => aboutZero(view, from, to, 1)),
        ...pairs.flatMap(([from, to]) => {
          const rate = measured(view, tuned(view, from), placeOf(view, to, "shown"), tunedLabelRate.name);
          return contrast(`${to}, share of labels after ${from}`, rate, "greater", constant(50));
        }),
      ];
    },
  },
  {
    id: "T1.7",
    name: "asymmetry between generation tasks",
    source: "U Figure 3",
    statement:
      "Fine-tuned on SocialIQA a model collapses on XSum; fine-tuned on XSum it is on SocialIQA about where the untrained one is.",
    contrasts: (view) => {
      const [base, after] = [icl, tuned(view, "socialqa")].map((arm) => score(view, arm, "xsum", "shown"));
      return [
        ...contrast("xsum, after socialqa", base, "greater", after),
        ...crossed(view, "xsum", "socialqa", "equal", "shown"),
      ];
    },
  },
  {
    id: "T1.8",
    name: "classification after other tasks",
    source: "U Figure 3",
    statement:
      "On a classification task it depends on the source: fine-tuning on XSum raises MNLI, fine-tuning on Amazon lowers it; " +
      "generation-tuned models are not below the untrained one.",
    contrasts: (view) => {
      const [base, after] = [icl, tuned(view, "amazon")].map((arm) => score(view, arm, "multinli", "all"));
      return [
        ...crossed(view, "xsum", "multinli", "greater", "all"),
        ...contrast("multinli, untrained and after amazon", base, "greater", after),
        ...generation.flatMap((from) => classification.flatMap((to) => crossed(view, from, to, "at least", "all"))),
      ];
    },
  },
  {
    id: "T1.9",
    name: "another prompt format brings text back",
    source: "U Figure 3",
    statement:
      "In prompt format 2, which shares nothing with that of training, models fine-tuned on Amazon and on SocialIQA score higher " +
      "on XSum than in format 1; Amazon on SocialIQA, and MNLI and PAWS on both, stay at zero.",
    contrasts: (view) => [
      ...["amazon", "socialqa"].flatMap((from) => {
        const [other, same] = ([2, 1] as const).map((format) =>
          score(view, tuned(view, from), "xsum", "shown", format)
        );
        return contrast(`xsum, after ${from}`, other, "greater", same);
      }),
      ...aboutZero(view, "amazon", "socialqa", 2),
      ...["multinli", "paws"].flatMap((from) => generation.flatMap((to) => aboutZero(view, from, to, 2))),
    ],
  },
  {
    id: "T1.10",
    name: "FTICL on generation",
    source: "U Figures 4, 5",
    statement:
      "On generation tasks FTICL, each at its best shot count, scores above FT on other domains, equals it in its own, and on " +
      "MNLI, PAWS and XSum is not below FT.",
    contrasts: (view) => [
      ...["pdfs", "cnn"].flatMap((to) => inContext(view, "xsum", to, "greater")),
      ...["tweetqa", "sciqa"].flatMap((to) => inContext(view, "socialqa", to, "greater")),
      ...generation.flatMap((set) => inContext(view, set, set, "equal")),
      ...["multinli", "paws", "xsum"].flatMap((to) => inContext(view, "socialqa", to, "at least")),
    ],
  },
  {
    id: "T1.11",
    name: "FTICL on classification",
    source: "U Figures 6, 7",
    statement:
      "On classification tasks FTICL, each at its best shot count, scores below FT on PAWS and MNLI and on other domains, and is " +
      "not above it on other classification tasks; on XSum it is above.",
    contrasts: (view) => [
      ...["paws", "multinli"].flatMap((set) => inContext(view, set, set, "greater", "FT first")),
      ...[["amazon", "sst2"], ["amazon", "yelp"], ["paws", "qqp"], ["paws", "stsb"], ["multinli", "rte"], [
        "multinli",
        "gptnli",
      ]].flatMap(([from, to]) => inContext(view, from, to, "greater", "FT first")),
      ...[["amazon", "paws"], ["paws", "multinli"], ["multinli", "amazon"]].flatMap(([from, to]) =>
        inContext(view, from, to, "at most")
      ),
      ...classification.flatMap((from) => inContext(view, from, "xsum", "greater")),
    ],
  },
  {
    id: "T1.12",
    name: "FTICL nearer to the base",
    source: "U section 5.3",
    statement: "On generation tasks FTICL leaves the weights nearer to the base model's than FT, by mean |Δw|.",
    contrasts: (view) =>
      generation.flatMap((set) =>
        trained(view, set, (arm, task, method) => distance(view, arm, task, section53[set]?.[method] ?? null), "ft")
      ),
  },
  {
    id: "T1.13",
    name: "FTICL ends at a higher loss",
    source: "U section 5.4",
    statement: "On classification tasks FTICL's training loss, over the last fifth of the steps, is above FT's.",
    contrasts: (view) =>
      classification.flatMap((set) => trained(view, set, (arm, task) => finalLoss(view, arm, task), "fticl")),
  },
];
