// Package sheets is a spreadsheet server for tests and the laboratory. It
// speaks the Google Sheets v4 REST protocol over plain HTTP, so that the
// production adapter reaches it through its endpoint setting:
//
//	server := sheets.NewServer(clock)
//	server.Add("1duJ…", spreadsheet)
//	ts := httptest.NewServer(server)
//	svc, err := sheetsapi.NewService(ctx, option.WithEndpoint(ts.URL+"/"), option.WithoutAuthentication())
//
// What is here:
//
//   - [Server]: the protocol, as strict as the service where its behaviour is
//     known and stricter where it is not. What the service has and this package
//     has not (append, clear, structural updates, grid data) answers 501 rather
//     than pretending.
//   - [Spreadsheet], [Tab], [Grid]: the sheet itself and what people do to it:
//     type, sort, insert, delete, paste, rename. Atomic, usable while HTTP
//     requests run.
//   - [Fault]: a call fails, stalls, succeeds and loses its answer, or has rows
//     moved under it immediately before or after.
//   - [Quota]: requests a minute on an injected clock.
//   - [Call], [Stats], [Change]: who asked for what, and which cells changed.
//   - [LoadPath], [Spreadsheet.SaveXLSX], [Spreadsheet.SaveCSV], [Diff]: files.
//
// Facts and their sources: response and error shapes follow the discovery
// document of sheets/v4 and error bodies that users of the service published;
// a comment says so where a rule is only believed.
package sheets
