// Preloaded into a Node.js process: its clock is late by LATE_BY_MS.
const CorrectDate = Date;
const lateBy = Number(process.env.LATE_BY_MS);

globalThis.Date = class extends CorrectDate {
  constructor(...values) {
    super(...(values.length === 0 ? [CorrectDate.now() - lateBy] : values));
  }

  static now() {
    return CorrectDate.now() - lateBy;
  }
};
