// Package sheet understands the sheet of key requests as people keep it, and decides what of it becomes a lease and
// what of a lease goes back into a cell. It is pure: cells, dates and the present moment are arguments, and nothing here
// reads or writes anything. What a reviewer must check to trust what Keylease makes of a sheet is in this package.
//
// From the cells:
//
//   - [ReadRanges] names the cells to read, [CheckShape] sees whether the tab still looks like the configured one.
//   - [ParseRequests] turns the requests tab into rows and problems; [ParseDate] and [ParseStatus] read single cells.
//   - [ParseDirectory] reads the users tab and [Directory.Resolve] finds the owner of a name in it.
//
// And back into them: [FormatDate] and [StatusText] give a value in the form that its cell had.
//
// A rule holds throughout: nothing ambiguous is guessed. A value that can be read in two ways is reported with what to
// write instead, because a wrong guess of a date or a person deletes a key or warns the wrong one.
package sheet
