package zoho

import (
	"strings"

	"deskward/core/action"
)

// lists are the choices that Zoho's guides have in common.
func lists() []action.List {
	return []action.List{
		{Name: "zoho.data-centres", Choices: centreChoices()},
		{Name: "zoho.uses", Choices: []action.Choice{
			{Value: string(UseReadTickets), Text: "choice.zoho.uses.read"},
			{Value: joined(UseReadTickets, UseReadContacts, UseSearch), Text: "choice.zoho.uses.search"},
			{Value: joined(UseReadTickets, UseCreateTickets, UseChangeTickets, UseReadContacts), Text: "choice.zoho.uses.change"},
			{Value: joined(UseReadTickets, UseCreateTickets, UseChangeTickets, UseWriteContacts, UseSearch, UseAgents, UseTasks), Text: "choice.zoho.uses.most"},
			{Value: asBefore, Text: "choice.zoho.uses.as-before"},
		}},
	}
}

// centreChoices are all data centres, those last of which it is not certain
// that Desk is there.
func centreChoices() []action.Choice {
	var sure, unsure []action.Choice
	for _, d := range dataCentres() {
		c := action.Choice{Value: d.id, Text: "choice.zoho.data-centres." + d.id}
		if d.doubtful {
			unsure = append(unsure, c)
		} else {
			sure = append(sure, c)
		}
	}
	return append(sure, unsure...)
}

// joined is the value of a choice that stands for several uses.
func joined(uses ...Use) string {
	var words []string
	for _, u := range uses {
		words = append(words, string(u))
	}
	return strings.Join(words, " ")
}
