// Package sheet merges a row and its lease by the rules below. [Merge] and the files merge_*.go name each rule where they
// apply it.
//
// # What is compared
//
// A date or mark has changed on a side if it is not what that side had at the last merge. status.sheet keeps both sides'
// last values. endDate is what both agreed on. rowEndDate and leaseEndDate are what each side had, if that is another
// date. extensionMark says which sides had the mark, which end date it was set for, and whether Keylease set it.
//
// If the two sides differ, the row waits to be given the lease's value. The agreed date changes only to what both sides
// have. (D-owned at first sight and R-back are exceptions: it becomes the lease's.)
//
// # D: the end date
//
//	rule        sheet       lease       result
//	----------  ----------  ----------  -----------------------------------------------------------------------
//	D-same      =           =           agreed
//	D-same      changed     same value  agreed; told as Extended or Shortened
//	D-sheet     changed     =           the sheet's is copied to the spec; told
//	D-lease     =           changed     the lease's is written to the cell, with the mark (M-extend); told
//	D-waiting   =           =, another  as D-lease: written again, not told again
//	D-arrived   the lease's any         the write arrived: that is agreed, and the row's last value
//	            last
//	D-conflict  changed     changed, or the later one wins, as D-sheet or D-lease; told as EndDateConflict
//	                        =, another
//	D-owned     changed     =, owned    another manager owns the lease's: kept and held (FieldOwnedElsewhere) until both have
//	                                    the same, and told once for each date of the row (refusedEndDate). Also for a
//	                                    conflict whose later date is the sheet's. Both last values stay
//	R-invalid   unreadable  any         see R: nothing moves
//	R-gone      removed     any         see R: the lease's own date counts
//	–           any         removed,    impossible: the CRD refuses both
//	                        unreadable
//
// # M: the extension mark (延長申請済み; the lease's is spec.extensionRequested)
//
//	rule         sheet             lease       result
//	-----------  ----------------  ----------  ----------------------------------------------------------------
//	M-same       =                 =           as it is
//	M-same       changed           changed     the same way: nothing to write; a new mark holds the row's former date
//	M-sheet      changed: put      =           the lease is held at the row's former date. If the date changed too,
//	                                           the mark is spent and the lease continues
//	M-together   changed: put      any         within ten minutes of the reading that saw the row's date move to a later
//	                                           one (movedFrom): set for the date before that, so the lease continues
//	M-again      another text      any         a person wrote another text of the mark over it (延長申請済み over 延長): as a new
//	                                           mark, also where the former one is spent or Keylease's own. The remark does
//	                                           not count
//	M-sheet      removed           =           the hold ends
//	M-lease      =                 changed: 1  the mark is wanted in the cell; the lease is held at its former date
//	M-lease      =                 removed: 0  the cell is to lose the mark; the hold ends
//	M-waiting    =                 =, another  written again
//	M-conflict   changed           changed     in opposite ways, which only a waiting row allows: the held side wins
//	M-extend     any but closed    any         with D-lease, unless Exempt: wanted in the cell, set for the row's former
//	                                           date, so the lease continues with its new one. Unless a person had asked
//	                                           already, it is Keylease's own (byKeylease) and holds no date
//	M-undone     any               =           the date is again the one that Keylease's mark was set for: the mark is removed
//	                                           (but Exempt, and an owned 1)
//	M-retract    not there         any         another date was agreed before the row had the lease's: Keylease's mark is
//	                                           not written
//	M-closed     削除済み, unclear  any         the mark that was there is gone; the lease's request waits
//	M-unclear    unclear           any         held (UnclearMark)
//	M-flag-owned any               0, owned    another manager owns the flag: never written; its 0 asks for nothing
//	M-flag-owned any but closed    1, owned    its 1 stays whatever the row says: the mark is written back into the cell
//	R-invalid, R-gone: as below    –           the flag cannot be unreadable or removed: it has a default
//
// A mark holds the date that it was set for (extensionMark.endDate). With another date it is spent, and the lease
// continues. Exempt: it holds any date. See [Holding].
//
// # T: the text of the status cell
//
//	T-new     no phase yet                        no own mark: left alone, but for F-early and the extension mark
//	T-closed  unclear, or 削除済み by a person      left alone; 削除済み sets markedDeleted
//	T-held    FieldOwnedElsewhere                 left alone: a wanted mark waits
//	          the lease carries a mark            it stays, and is written if M-lease or M-extend want it
//	T-stale   the term is of another date, or     own marks left alone. The term decides, not the spec's date, because
//	          none has begun                      applying this merge changes that date
//	T-spent   spent, lease Notified or Expired    the phase's mark replaces it, the lease's flag is removed
//	T-found   Active with a foundMark             left alone: it counts as the notice until the admins' summary is sent
//	T-own     Active, Notified, Expired           no mark (a spent one stays), 通知済み, 期限切れ
//	T-read    any                                 status.sheet.mark is the cell as it was last accepted
//
// The remark always stays. If mark and remark are as wanted, nothing is written.
//
// # S: everything else in the spec
//
//	S-row     the row's texts are copied to the spec, except a start date after the end date
//	S-back    if another manager wrote any of the lease's, SpecReverted is told once, whichever side is new
//
// # F: first sight
//
// Nothing was ever agreed: there is no lease, one was created with kubectl for an existing row, one was created again, or
// the operator crashed before the first status. The row wins (except D-owned).
//
//	F-extension  延長申請済み        held at the row's date
//	F-found      通知済み, 期限切れ   first notice due for that date: foundMark, so the owner gets no second notice
//	F-early      通知済み, 期限切れ   not due: ignored, and removed from the cell until a term begins; then T-own
//	F-flag-owned flag 1, owned     M-flag-owned: held at the date, the mark is wanted in the cell
//	F-term       foundMark         removed when the date changes
//	             削除済み           markedDeleted
//
// # R: no usable row
//
//	R-invalid  invalid, or another user or account  held (InvalidRow); all else in status.sheet, spec and cell stays
//	R-gone     gone                                 all stays, including hold and mark; row 0. The lease's flag can still
//	                                                be set and unset (except M-flag-owned)
//	R-back     the row is usable again              the sheet's date wins over dates that the lease got meanwhile (except
//	                                                D-owned; a row that waited before is D-waiting or D-conflict);
//	                                                all else is merged as usual
//
// # X: leases whose spec cannot change (Revoked, or the key is being deleted)
//
//	X-confirmed  AWS confirmed                      削除済み with the remark is written back; no hold
//	X-unclear    otherwise, unclear                 held
//	X-extension  otherwise, 延長申請済み              held; copied to the spec as soon as that is possible. Once the key is
//	                                                deleted: refused, told once (X-late)
//	X-moved      Revoked by mark alone, mark gone,  held until the date is merged
//	             date moved
//	X-late       the key is being deleted, date     refused, told once (refusedEndDate)
//	             moved
//	X-expired    the key is being deleted           期限切れ
//
// # W: writing
//
// W-dry-run: DryRun decides and remembers as usual, but writes no cell.
//
// The lease's value is recorded before the cell is written. After a crash or a failed write, the next merge writes it again
// (D-waiting, M-waiting), or sees that it arrived (D-arrived, M-same). [Written] notes that as soon as the cell was read
// back. What a person writes after that is an edit of the new value, not a conflict with the old one.
package sheet
