/**
 * Sentiment: Amazon reviews, AmazonFood, SST-2, Yelp. More than 3.5 stars are positive.
 * @module
 */
import { above, label, text } from "./cells.ts";
import type { Dataset } from "./dataset.ts";

const common = { task: "sentiment", labels: ["positive", "negative"] } as const;
const stars = (column: string) => above(column, 3.5, { yes: "positive", no: "negative" });
/** Stars counted from 0, which Hugging Face's copies have as a class. */
const starClass = label("label", { 0: "negative", 1: "negative", 2: "negative", 3: "positive", 4: "positive" });

/** The sets of the sentiment task. */
export const sentimentDatasets: readonly Dataset[] = [
  {
    ...common,
    name: "amazon",
    title: "Amazon reviews (Keung et al. 2020, English)",
    set: "amazon",
    layouts: [
      {
        about: "amazon_reviews_multi, dataset_en_train.json",
        fields: { input: text("review_body") },
        output: stars("stars"),
        only: { language: "en" },
      },
      {
        about: "Hugging Face mteb/amazon_reviews_multi, its English files",
        fields: { input: text("text") },
        output: starClass,
      },
    ],
  },
  {
    ...common,
    name: "amazonfood",
    title: "AmazonFood (McAuley and Leskovec 2013)",
    set: "amazonfood",
    layouts: [
      { about: "SNAP's finefoods.txt", fields: { input: text("review/text") }, output: stars("review/score") },
      { about: "Kaggle's Reviews.csv", fields: { input: text("Text") }, output: stars("Score") },
    ],
    plain: { kind: "blocks" },
  },
  {
    ...common,
    name: "sst2",
    title: "SST-2",
    set: "sst2",
    layouts: [{
      about: "GLUE, Hugging Face stanfordnlp/sst2",
      fields: { input: text("sentence") },
      output: label("label", { 0: "negative", 1: "positive", "-1": null }),
      headerless: ["sentence", "label"],
    }],
  },
  {
    ...common,
    name: "yelp",
    title: "Yelp reviews",
    set: "yelp",
    layouts: [
      {
        about: "yelp_academic_dataset_review.json",
        fields: { input: text("text") },
        output: stars("stars"),
      },
      {
        about: "Hugging Face Yelp/yelp_review_full",
        fields: { input: text("text") },
        output: starClass,
      },
      {
        about: "yelp_review_full_csv",
        fields: { input: text("body") },
        output: stars("stars"),
        headerless: ["stars", "body"],
      },
    ],
  },
];
