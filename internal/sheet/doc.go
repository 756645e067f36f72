// Package sheet understands the sheet of key requests as people keep it. It decides what of a row becomes a lease, and what
// of a lease is written into a cell. It is pure: cells, dates and the current time are arguments. To check what Keylease
// makes of a sheet, read this package.
//
// From the cells:
//
//   - [ReadRanges] names the cells to read. [CheckShape] checks whether the tab still looks as configured.
//   - [ParseRequests] turns the requests tab into rows and problems. [ParseDate] and [ParseStatus] parse single cells.
//   - [ParseDirectory] parses the users tab, and [Directory.Resolve] finds the owner of a name in it.
//
// And back into the cells: [FormatDate] and [StatusText] give a value the form that its cell had.
//
// Keylease never guesses. If a value can be read in two ways, it is reported with what to write instead. A wrong date could
// delete a key, and a wrong person would get the warning.
package sheet
