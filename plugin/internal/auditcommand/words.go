// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package auditcommand

import (
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// words are those of the page in one language.
type words struct {
	Language                                                          string
	Title, Intro, Limits, Period, None, Broken, Until                 string
	When, Who, Organisation, What, Why, Outcome, Asked, Code, Mandate string
	Number, NotAsked, UnknownCode, Local                              string

	Changes string // the heading of what happened without a request

	endings       map[ending]string
	changes       map[change]string
	facilityTypes map[consent.FacilityType]string
	categories    map[consent.Category]string
	purposes      map[consent.PurposeOfUse]string
	professions   map[string]string // by role, or by its first two digits
	registers     map[string]string
}

var languages = map[string]words{"nl": dutch, "en": english}

var dutch = words{
	Language: "nl",
	Title:    "Wie heeft om uw gegevens gevraagd?",
	Intro: "Andere zorgverleners kunnen ons vragen om gegevens uit uw dossier. In Mitz staat wie dat van u mag. Wij vragen het " +
		"elke keer na, en geven alleen toegang als het volgens Mitz mag. Hieronder staat elk verzoek over u.",
	Limits: "Heeft een zorgverlener toegang gekregen, dan mocht diens systeem een kwartier lang de genoemde gegevens ophalen. Of " +
		"dat ook is gebeurd, staat in het logboek van ons dossiersysteem. Verzoeken die wij weigerden voordat duidelijk was over wie " +
		"ze gingen, staan hier niet bij. Uw keuzes kunt u zien en wijzigen op de website van Mitz.",
	Period: "Deze lijst gaat over de periode van", Until: "tot en met",
	None:   "In deze periode is er niet om uw gegevens gevraagd.",
	Broken: "Let op: het logboek is niet in de staat waarin het is geschreven. Deze lijst kan fouten bevatten of niet volledig zijn.",
	When:   "Wanneer", Who: "Wie vroeg het", Organisation: "Namens welke zorgaanbieder", What: "Welke gegevens", Why: "Waarvoor",
	Outcome: "Hoe liep het af", Asked: "Nagevraagd bij Mitz onder nummer", Code: "code", Mandate: "in opdracht van",
	Number: "nummer", NotAsked: "niet nagevraagd", UnknownCode: "onbekende code", Local: "Nederlandse tijd",
	endings: map[ending]string{
		endedGiven:   "Toegang gegeven: volgens Mitz mag dit.",
		endedLater:   "Toegang gegeven: volgens Mitz mocht dit. Kort daarna beëindigd: het mag niet meer.",
		endedNot:     "Geen toegang. Volgens Mitz mag dit, maar door een storing bij ons is er geen toegang gekomen.",
		endedDenied:  "Geen toegang: volgens Mitz mag dit niet.",
		endedWrong:   "Geen toegang: het verzoek voldeed niet aan de regels.",
		endedUnknown: "Geen toegang: wij konden niet vaststellen of dit mag.",
		endedOpen:    "Niet bekend: het verzoek is afgebroken. Wij hebben niet vastgelegd dat er toegang is gegeven.",
	},
	Changes: "Keuzes die zijn gewijzigd, en toegang die is beëindigd",
	changes: map[change]string{
		changeTold:   "Mitz liet ons weten dat uw keuzes zijn gewijzigd. Wie volgens Mitz geen toegang meer heeft, kon vanaf dat moment niets meer ophalen.",
		changeEnded:  "Wij hebben alle toegang beëindigd die op dat moment nog liep.",
		changeFailed: "Door een storing bij ons konden wij de toegang niet beëindigen die op dat moment nog liep. Die eindigde vanzelf, binnen een kwartier.",
	},
	facilityTypes: map[consent.FacilityType]string{
		"V4": "ziekenhuis", "V5": "universitair ziekenhuis", "V6": "algemeen ziekenhuis", "Z3": "huisartsenpraktijk",
		"N6": "huisartsenpost", "J8": "apotheek", "K3": "apotheekhoudende huisarts", "G3": "verloskundigenpraktijk",
		"X3": "verpleeghuis", "G5": "geestelijke gezondheidszorg", "T2": "thuiszorg", "R8": "revalidatie",
		"L1": "laboratorium", "Z4": "zelfstandige kliniek", "Z5": "diagnostisch centrum", "JGZ": "jeugdgezondheidszorg",
	},
	categories: map[consent.Category]string{"GGC002": "behandelgegevens", "GGC012": "uitslagen", "GGC013": "medicatie"},
	purposes: map[consent.PurposeOfUse]string{
		consent.PurposeTreatment:   "uw behandeling; daarvoor is uw uitdrukkelijke toestemming nodig",
		consent.PurposeCoordinated: "uw behandeling; daarvoor mag uw toestemming worden verondersteld",
	},
	professions: map[string]string{
		"01": "arts", "01.015": "huisarts", "01.046": "gynaecoloog", "02": "tandarts", "03": "verloskundige", "04": "fysiotherapeut",
		"16": "psychotherapeut", "17": "apotheker", "25": "gezondheidszorgpsycholoog", "30": "verpleegkundige", "83": "apothekersassistent",
	},
	registers: map[string]string{consent.RootUZI: "UZI-register", consent.RootAGB: "AGB-register", consent.RootBIG: "BIG-register"},
}

var english = words{
	Language: "en",
	Title:    "Who asked for your data?",
	Intro: "Other care providers can ask us for data in your record. Mitz knows whom you allow that. We ask Mitz each time, and " +
		"give access only if Mitz says that it is allowed. Below is every request about you.",
	Limits: "When a care provider was given access, its system could retrieve the data named here for a quarter of an hour. Whether it " +
		"did is in the log of our record system. Requests that we refused before it was clear whom they were about are not in this list. " +
		"You can see and change your choices on the website of Mitz.",
	Period: "This list is about the period from", Until: "to",
	None:   "Nobody asked for your data in this period.",
	Broken: "Please note: the log is not in the state in which it was written. This list may be wrong or incomplete.",
	When:   "When", Who: "Who asked", Organisation: "For which care provider", What: "Which data", Why: "What for",
	Outcome: "How it ended", Asked: "Mitz was asked under the number", Code: "code", Mandate: "on behalf of",
	Number: "number", NotAsked: "not asked", UnknownCode: "unknown code", Local: "Dutch time",
	endings: map[ending]string{
		endedGiven:   "Access given: Mitz says that this is allowed.",
		endedLater:   "Access given: Mitz said that this was allowed. Ended shortly after: it is not allowed any more.",
		endedNot:     "No access. Mitz says that this is allowed, but because of a failure on our side no access was given.",
		endedDenied:  "No access: Mitz says that this is not allowed.",
		endedWrong:   "No access: the request did not keep to the rules.",
		endedUnknown: "No access: we could not establish whether this is allowed.",
		endedOpen:    "Not known: the request was broken off. We have no record that access was given.",
	},
	Changes: "Choices that changed, and access that was ended",
	changes: map[change]string{
		changeTold:   "Mitz told us that your choices have changed. Whoever is not allowed access any more could retrieve nothing from then on.",
		changeEnded:  "We ended all access that was there at that time.",
		changeFailed: "Because of a failure on our side we could not end the access that was there at that time. It ended by itself, within a quarter of an hour.",
	},
	facilityTypes: report.FacilityTypeWords,
	categories:    map[consent.Category]string{"GGC002": "treatment data", "GGC012": "test results", "GGC013": "medication"},
	purposes: map[consent.PurposeOfUse]string{
		consent.PurposeTreatment:   "your treatment; it needs your explicit consent",
		consent.PurposeCoordinated: "your treatment; your consent may be presumed for it",
	},
	professions: map[string]string{
		"01": "physician", "01.015": "GP", "01.046": "gynaecologist", "02": "dentist", "03": "midwife", "04": "physiotherapist",
		"16": "psychotherapist", "17": "pharmacist", "25": "health care psychologist", "30": "nurse", "83": "pharmacy assistant",
	},
	registers: map[string]string{consent.RootUZI: "UZI register", consent.RootAGB: "AGB register", consent.RootBIG: "BIG register"},
}
