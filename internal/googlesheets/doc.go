// Package googlesheets is the adapter to Google Sheets, and the only importer of google.golang.org/api. It reads ranges
// and writes cells, one request each, and turns what goes wrong into [failure.Error]s. It holds no policy: what the cells
// mean and which are written is for internal/sheet and the controllers.
//
// It never repeats a request: a write whose answer was lost may have been made (failure.Uncertain), and only a read tells.
package googlesheets
