package message

import "strings"

// SheetURL of a spreadsheet; empty for an ID that would break a link.
func SheetURL(spreadsheetID string) string {
	if strings.ContainsAny(spreadsheetID, "<>|& \t\n") {
		return ""
	}
	return "https://docs.google.com/spreadsheets/d/" + spreadsheetID + "/edit"
}
