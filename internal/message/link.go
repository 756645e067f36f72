package message

import "strings"

// SheetURL is the URL of a spreadsheet; empty: its ID would break a link.
func SheetURL(spreadsheetID string) string {
	if strings.ContainsAny(spreadsheetID, "<>|& \t\n") {
		return ""
	}
	return "https://docs.google.com/spreadsheets/d/" + spreadsheetID + "/edit"
}
