// Package iam is an HTTP server that speaks the Query protocol of AWS IAM
// (version 2010-05-08) and AWS STS (version 2011-06-15): form-encoded requests,
// XML answers. Real clients reach it through an endpoint setting
// (AWS_ENDPOINT_URL_IAM, AWS_ENDPOINT_URL_STS or an SDK's BaseEndpoint); one
// address serves both services.
//
// It exists to be refused by: it is meant to be as strict as the services are,
// because an emulator that lets a user with keys or MFA devices be deleted
// proves nothing about a program that deletes users. Names and IDs are
// validated, every leftover answers DeleteConflict, lists come in pages, and
// credentials decide the account.
//
// Three things are laxer than the services, on purpose: signatures are not
// verified (only whose key signed, and for which service), a principal without
// a [Permission] may do everything, and policy documents are checked for shape
// only.
//
// A [Server] is seeded through [Account] (AddUser, AddAccessKey, AddPolicy …),
// disturbed through [Server.Inject] and [Server.SetHooks], and read through
// [Server.Calls] and the Account's readers, which always tell the truth even
// while the API still shows a former state ([Options].Lag).
package iam
