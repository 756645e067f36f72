package conformance_test

import "strings"

const spec = `
spec: {accessKeyID: AKIA000000000001, userName: hanako, endDate: "2031-05-01", sheetRef: {name: keys}}`

const sheet = `
spec:
  spreadsheetID: 1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789
  slack: {tokenSecretRef: {name: slack, key: token}, admins: [U0ADMIN01]}
  aws: {accountID: "123456789012"}`

const condition = `
    - {type: %s, status: "%s", reason: R, message: "", lastTransitionTime: "2031-04-01T09:00:00Z"}`

func conditions(pairs ...string) string {
	var b strings.Builder
	b.WriteString("status:\n  conditions:")
	for i := 0; i < len(pairs); i += 2 {
		line := strings.Replace(condition, "%s", pairs[i], 1)
		b.WriteString(strings.Replace(line, "%s", pairs[i+1], 1))
	}
	return b.String()
}

// script is run on both servers. A step goes on with the objects that the steps before it made.
var script = []step{
	// Creation
	{says: "a name that is not the key's is refused by a rule on the new object", on: "Lease/other", verb: "create", body: spec},
	{says: "a create by apply must say which manager it is", on: "Lease/akia000000000001", verb: "apply", body: spec},
	{says: "a name with capitals is refused", on: "Lease/AKIA", verb: "create", body: spec},
	{says: "required fields are required", on: "Lease/akia000000000001", verb: "create", body: `spec: {userName: hanako}`},
	{says: "rules of a field are checked", verb: "create",
		body: `spec: {accessKeyID: akia000000000001, userName: "a b", endDate: tomorrow, sheetRef: {name: keys}}`},
	{says: "a resource version in a create is refused", verb: "create", body: "metadata: {resourceVersion: '1'}" + spec},
	{says: "a label over 63 characters is refused", verb: "create",
		body: "metadata: {labels: {a: " + strings.Repeat("x", 64) + "}}" + spec},
	{says: "a label's name is checked", verb: "create", body: "metadata: {labels: {'a b': x}}" + spec},
	{says: "annotations over 256 KiB are refused", verb: "create",
		body: "metadata: {annotations: {a: " + strings.Repeat("x", 256<<10) + "}}" + spec},
	{says: "an update of nothing is not found", verb: "update", body: "metadata: {resourceVersion: '1'}" + spec},
	{says: "a merge patch of nothing is not found", verb: "merge", body: spec},
	{says: "a status of nothing is not found", verb: "merge/status", body: "status: {phase: Active}"},
	{says: "an applied status of nothing is not found", verb: "apply/status", manager: "sheet", body: "status: {phase: Active}"},
	{says: "an apply with the UID of nothing is a conflict", verb: "apply", manager: "sheet",
		body: "metadata: {uid: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff}" + spec},
	{says: "a delete of nothing is not found", verb: "delete"},
	{says: "an apply makes the object, with defaults and without its status", verb: "apply", manager: "sheet",
		body: "metadata: {labels: {iam.keylease.dev/sheet: keys}}" + spec + "\nstatus: {phase: Revoked}"},
	{says: "what is there can't be created", verb: "create", body: spec},
	{says: "the same apply again changes nothing", verb: "apply", manager: "sheet",
		body: "metadata: {labels: {iam.keylease.dev/sheet: keys}}" + spec},

	// Server-side apply
	{says: "another manager's other value is a conflict", verb: "apply", manager: "person", body: `spec: {endDate: "2031-06-01"}`},
	{says: "another manager's same value is shared", verb: "apply", manager: "person", body: `spec: {endDate: "2031-05-01"}`},
	{says: "a shared value is in conflict when changed", verb: "apply", manager: "person", body: `spec: {endDate: "2031-06-01"}`},
	{says: "force takes the field", verb: "apply", manager: "person", force: true, body: `spec: {endDate: "2031-06-01", purpose: x}`},
	{says: "a field that is applied no more goes", verb: "apply", manager: "person", body: `spec: {endDate: "2031-06-01"}`},
	{says: "the only owner of a required field can't give it up", verb: "apply", manager: "person", body: `{}`},
	{says: "what another owns stays when one gives it up", verb: "apply", manager: "sheet",
		body: `spec: {accessKeyID: AKIA000000000001, userName: hanako, sheetRef: {name: keys}}`},
	{says: "an apply with an old resource version is a conflict", verb: "apply", manager: "sheet", force: true,
		body: `metadata: {resourceVersion: "1"}` + spec},
	{says: "an apply with another UID is refused", verb: "apply", manager: "sheet", force: true,
		body: "metadata: {uid: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff}" + spec},
	{says: "an apply with version and UID is written", verb: "apply", manager: "sheet", force: true,
		body: "metadata: {uid: $UID, resourceVersion: '$RV'}" + spec + "\n"},
	{says: "an unknown field can't be applied", verb: "apply", manager: "sheet", body: spec + "\nnonsense: 1"},
	{says: "managed fields can't be applied", verb: "apply", manager: "sheet", body: "metadata: {managedFields: [{manager: x}]}" + spec},
	{says: "an apply can't move to another namespace", verb: "apply", manager: "sheet", body: "metadata: {namespace: other}" + spec},

	// Updates and patches
	{says: "an edit owns what it changed", verb: "update", manager: "kubectl-edit", body: `spec: {endDate: "2031-08-01"}`},
	{says: "an edit that changes nothing", verb: "update", manager: "kubectl-edit", body: `{}`},
	{says: "an update without a resource version is refused", verb: "update", body: `{metadata: {resourceVersion: null}, spec: {purpose: why}}`},
	{says: "an update of an old version is a conflict", verb: "update", body: `{metadata: {resourceVersion: "1"}, spec: {purpose: why}}`},
	{says: "an update with another UID is a conflict", verb: "update",
		body: `{metadata: {uid: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff}, spec: {purpose: why}}`},
	{says: "an update does not touch the status", verb: "update", body: `{spec: {purpose: why}, status: {phase: Revoked}}`},
	{says: "the generation is the server's", verb: "merge", manager: "person", body: `{metadata: {generation: 99, annotations: {a: b}}}`},
	{says: "unknown fields are pruned", verb: "merge", manager: "person", body: `{spec: {nonsense: 1, resource: r}}`},
	{says: "only unknown fields change nothing", verb: "merge", manager: "person", body: `{spec: {nonsense: 2}}`},
	{says: "a null removes a field, and a default comes back", verb: "merge", manager: "person",
		body: `{spec: {resource: null, extensionRequested: null}}`},
	{says: "a merge patch with the same values changes nothing", verb: "merge", manager: "person", body: `{spec: {purpose: why}}`},
	{says: "a JSON patch", verb: "json", manager: "person", body: `[{op: replace, path: /spec/purpose, value: z}]`},
	{says: "a JSON patch whose test fails", verb: "json", manager: "person", body: `[{op: test, path: /spec/purpose, value: why}]`},
	{says: "a JSON patch without its path", verb: "json", manager: "person", body: `[{op: remove, path: /spec/nowhere}]`},
	{says: "a wrong type is refused", verb: "merge", manager: "person", body: `{spec: {purpose: 7}}`},
	{says: "a patch can't rename", verb: "merge", manager: "person", body: `{metadata: {name: other}}`},
	{says: "a patch with an old resource version is a conflict", verb: "merge", body: `{metadata: {resourceVersion: "1"}, spec: {purpose: why}}`},
	{says: "a patch of the UID is refused", verb: "merge", body: `{metadata: {uid: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff}}`},
	{says: "an immutable field is immutable", verb: "merge", body: `{spec: {userName: taro}}`},
	{says: "an immutable object is immutable", verb: "merge", body: `{spec: {sheetRef: {name: others}}}`},
	{says: "a rule over two fields is checked", verb: "merge", body: `{spec: {startDate: "2031-09-01"}}`},
	{says: "the creation time is the server's", verb: "merge", body: `{metadata: {creationTimestamp: "2001-01-01T00:00:00Z"}}`},
	{says: "empty labels are none", verb: "merge", body: `{metadata: {labels: {x: null}, annotations: {a: null}}}`},
	{says: "an apply after an edit is in conflict with it", verb: "apply", manager: "sheet", body: spec},
	{says: "an apply by force takes it back", verb: "apply", manager: "sheet", force: true, body: spec},

	// The status
	{says: "one owner's conditions", verb: "apply/status", manager: "lease", force: true, body: conditions("Ready", "True", "Held", "False")},
	{says: "another's are merged by type", verb: "apply/status", manager: "sheet", force: true, body: conditions("RowPresent", "True")},
	{says: "the same status again changes nothing", verb: "apply/status", manager: "sheet", force: true, body: conditions("RowPresent", "True")},
	{says: "a condition that is applied no more goes", verb: "apply/status", manager: "lease", force: true, body: conditions("Ready", "False")},
	{says: "two conditions of one type are not even an error of the client", verb: "apply/status", manager: "lease", body: conditions("Ready", "True", "Ready", "False")},
	{says: "two conditions of one type are refused in a patch too", verb: "merge/status", body: conditions("Ready", "True", "Ready", "False")},
	{says: "another owner's condition is in conflict", verb: "apply/status", manager: "sheet", body: conditions("Ready", "True")},
	{says: "a wrong value of the status is refused", verb: "apply/status", manager: "lease", body: `status: {phase: Sleeping}`},
	{says: "a condition without its time is refused", verb: "merge/status", body: `status: {conditions: [{type: A, status: "True", reason: R, message: ""}]}`},
	{says: "a status write touches no spec, label or generation", verb: "merge/status", manager: "lease",
		body: `{metadata: {labels: {a: b}}, spec: {purpose: status}, status: {phase: Active}}`},
	{says: "a status apply owns no spec", verb: "apply/status", manager: "lease2", body: `{spec: {purpose: status}, status: {lastHandledRetry: x}}`},
	{says: "an empty list is a value", verb: "apply/status", manager: "lease", force: true, body: `status: {phase: Active, notices: [], conditions: []}`},
	{says: "an empty object", verb: "apply/status", manager: "lease", force: true, body: `status: {phase: Active, owner: {}}`},
	{says: "null in an apply", verb: "apply/status", manager: "lease", force: true, body: `status: {phase: Active, owner: null}`},
	{says: "a time without zone is refused", verb: "apply/status", manager: "lease", force: true, body: `status: {nextTransitionTime: "2031-04-01"}`},
	{says: "a status update of an old version is a conflict", verb: "update/status", body: `{metadata: {resourceVersion: "1"}, status: {phase: Expired}}`},
	{says: "a status update", verb: "update/status", manager: "lease",
		body: `{spec: {purpose: status}, status: {phase: Notified, revocation: {keyDeletedTime: "2031-04-01T09:00:00Z"}}}`},
	{says: "a lease whose key is deleted is not extended", verb: "merge", body: `{spec: {endDate: "2032-01-01"}}`},
	{says: "but labelled", verb: "merge", manager: "person", body: `{metadata: {labels: {a: b}}}`},
	{says: "an intent to delete", verb: "merge/status", manager: "lease",
		body: `{status: {revocation: {keyDeletedTime: null, intent: {action: DeleteAccessKey, target: x, time: "2031-04-01T09:00:00Z"}}}}`},
	{says: "counts too", verb: "merge", body: `{spec: {endDate: "2032-01-01"}}`},
	{says: "by apply too", verb: "apply", manager: "sheet", force: true, body: strings.Replace(spec, "2031-05-01", "2032-01-01", 1)},
	{says: "the end", verb: "merge/status", manager: "lease", body: `{status: {phase: Revoked, revocation: null}}`},
	{says: "a Revoked lease is not extended", verb: "merge", body: `{spec: {endDate: "2032-01-01"}}`},
	{says: "and its status may change", verb: "apply/status", manager: "lease", force: true, body: `status: {phase: Revoked, observedGeneration: 3}`},
	{says: "managed fields can be cleared", verb: "merge", manager: "person", body: `{metadata: {managedFields: [{}]}}`},
	{says: "and are kept again after the first apply", verb: "apply", manager: "sheet", body: spec},

	// Deletion
	{says: "a finalizer without a domain", verb: "merge", manager: "person", body: `{metadata: {finalizers: [nodomain]}}`},
	{says: "finalizers", verb: "merge", manager: "person", body: `{metadata: {finalizers: [keylease.dev/a, keylease.dev/b]}}`},
	{says: "an owner without a name is refused", verb: "merge", body: `{metadata: {ownerReferences: [{apiVersion: v1, kind: Secret, name: "", uid: x}]}}`},
	{says: "a delete with another UID is a conflict", verb: "delete", body: `uid: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff`},
	{says: "a delete with an old resource version is a conflict", verb: "delete", body: `resourceVersion: "1"`},
	{says: "a delete waits for finalizers", verb: "delete", body: `uid: $UID`},
	{says: "a second delete changes nothing", verb: "delete"},
	{says: "what is being deleted gets no new finalizer", verb: "merge", body: `{metadata: {finalizers: [keylease.dev/a, keylease.dev/c]}}`},
	{says: "a finalizer goes", verb: "merge", manager: "person", body: `{metadata: {finalizers: [keylease.dev/a]}}`},
	{says: "a deletion can't be undone", verb: "merge", manager: "person", body: `{metadata: {deletionTimestamp: null}}`},
	{says: "the last finalizer takes the object along", verb: "merge", manager: "person", body: `{metadata: {finalizers: null}}`},
	{says: "it can be made again", verb: "create", manager: "person", body: spec},
	{says: "a delete without finalizers is immediate", verb: "delete", body: `resourceVersion: "$RV"`},

	{says: "a made-up name", on: "Secret/", verb: "create", manager: "person", body: "metadata: {generateName: made-}"},

	// Sizes
	{says: "a Secret over 1 MiB", on: "Secret/big", verb: "apply", manager: "lease", body: "stringData: {a: " + strings.Repeat("x", 5<<18) + "}"},
	{says: "a sheet for them", on: "Sheet/big", verb: "apply", manager: "person", body: sheet},
	{says: "a status just below etcd's limit", verb: "merge/status", manager: "s", body: "status: {observedHash: " + strings.Repeat("x", 1400<<10) + "}"},
	{says: "a status over etcd's limit", verb: "merge/status", manager: "s", body: "status: {observedHash: " + strings.Repeat("x", 1600<<10) + "}"},
	{says: "an applied status over etcd's limit", verb: "apply/status", manager: "s", force: true,
		body: "status: {observedHash: " + strings.Repeat("x", 1600<<10) + "}"},
	{says: "a request over 3 MiB", verb: "merge/status", manager: "s", body: "status: {observedHash: " + strings.Repeat("x", 3200<<10) + "}"},

	// The other kinds
	{says: "a namespace has its label, finalizer and phase", on: "Namespace/some", verb: "create", manager: "person", body: `{}`},
	{says: "a namespace by apply", on: "Namespace/other", verb: "apply", manager: "person", body: `metadata: {labels: {a: b}}`},
	{says: "a namespace is labelled", verb: "merge", manager: "person", body: `metadata: {labels: {a: c}}`},
	{says: "a namespace's finalizer is not for clients", verb: "merge", manager: "person", body: `spec: {finalizers: null}`},
	{says: "a namespace with a bad name", on: "Namespace/a.b", verb: "create", body: `{}`},
	{says: "a deleted namespace is terminating", on: "Namespace/other", verb: "delete"},
	{says: "a sheet gets its defaults", on: "Sheet/keys", verb: "apply", manager: "person", body: sheet},
	{says: "a sheet by typed create", on: "Sheet/typed", verb: "create", body: sheet},
	{says: "a sheet's status", on: "Sheet/keys", verb: "apply/status", manager: "sheet", body: `status: {rows: {leases: 3}}`},
	{says: "a wrong number", verb: "merge/status", body: `status: {rows: {leases: many}}`},
	{says: "a Secret by apply", on: "Secret/snapshot", verb: "apply", manager: "lease", force: true,
		body: `{metadata: {labels: {a: b}}, data: {snapshot.json: e30=}}`},
	{says: "the same Secret again", verb: "apply", manager: "lease", force: true,
		body: `{metadata: {labels: {a: b}}, data: {snapshot.json: e30=}}`},
	{says: "data that is not base64", verb: "apply", manager: "lease", body: `data: {snapshot.json: "{}"}`},
	{says: "a Secret's key is checked", verb: "merge", body: `data: {"a b": e30=}`},
	{says: "a Secret's type is immutable", verb: "merge", body: `type: other`},
	{says: "a Secret is updated without a version", verb: "update", manager: "person",
		body: `{metadata: {resourceVersion: null}, stringData: {token: abc}}`},
	{says: "a Secret's fields are its managers'", verb: "apply", manager: "lease", force: true, body: `data: {snapshot.json: e30=}`},
	{says: "a Secret has no status", verb: "apply/status", manager: "lease", body: `data: {a: e30=}`},
	{says: "a Secret goes", verb: "delete"},
	{says: "a Secret from plain text", verb: "create", manager: "person", body: `stringData: {token: abc}`},
}
