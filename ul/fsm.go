package ul

// State is Sta1 to Sta13 of PS3.8 tables 9-1 to 9-5.
type State uint8

// The states of PS3.8 section 9.2.1.
const (
	Sta1 State = iota + 1
	Sta2
	Sta3
	Sta4
	Sta5
	Sta6
	Sta7
	Sta8
	Sta9
	Sta10
	Sta11
	Sta12
	Sta13

	states = 13
)

// Event is Evt1 to Evt19 of PS3.8 table 9-10.
type Event uint8

// The events of PS3.8 table 9-10.
const (
	Evt1 Event = iota + 1
	Evt2
	Evt3
	Evt4
	Evt5
	Evt6
	Evt7
	Evt8
	Evt9
	Evt10
	Evt11
	Evt12
	Evt13
	Evt14
	Evt15
	Evt16
	Evt17
	Evt18
	Evt19

	events = 19
)

// Action is one of AE-1 to AA-8 of PS3.8 tables 9-6 to 9-9.
type Action uint8

// The actions of PS3.8 section 9.2.2.
const (
	AE1 Action = iota + 1
	AE2
	AE3
	AE4
	AE5
	AE6
	AE7
	AE8
	DT1
	DT2
	AR1
	AR2
	AR3
	AR4
	AR5
	AR6
	AR7
	AR8
	AR9
	AR10
	AA1
	AA2
	AA3
	AA4
	AA5
	AA6
	AA7
	AA8

	actions = 28
)

// table is PS3.8 table 9-10, one row a line in its order. Zero is an empty
// cell.
var table = [events + 1][states + 1]Action{
	//      Sta1  Sta2  Sta3  Sta4  Sta5  Sta6  Sta7  Sta8  Sta9  Sta10 Sta11 Sta12 Sta13
	Evt1:  {0, AE1, 000, 000, 000, 000, 000, 000, 000, 000, 0000, 000, 000, 000},
	Evt2:  {0, 000, 000, 000, AE2, 000, 000, 000, 000, 000, 0000, 000, 000, 000},
	Evt3:  {0, 000, AA1, AA8, 000, AE3, AA8, AA8, AA8, AA8, AA8, AA8, AA8, AA6},
	Evt4:  {0, 000, AA1, AA8, 000, AE4, AA8, AA8, AA8, AA8, AA8, AA8, AA8, AA6},
	Evt5:  {0, AE5, 000, 000, 000, 000, 000, 000, 000, 000, 0000, 000, 000, 000},
	Evt6:  {0, 000, AE6, AA8, 000, AA8, AA8, AA8, AA8, AA8, AA8, AA8, AA8, AA7},
	Evt7:  {0, 000, 000, AE7, 000, 000, 000, 000, 000, 000, 0000, 000, 000, 000},
	Evt8:  {0, 000, 000, AE8, 000, 000, 000, 000, 000, 000, 0000, 000, 000, 000},
	Evt9:  {0, 000, 000, 000, 000, 000, DT1, 000, AR7, 000, 0000, 000, 000, 000},
	Evt10: {0, 000, AA1, AA8, 000, AA8, DT2, AR6, AA8, AA8, AA8, AA8, AA8, AA6},
	Evt11: {0, 000, 000, 000, 000, 000, AR1, 000, 000, 000, 0000, 000, 000, 000},
	Evt12: {0, 000, AA1, AA8, 000, AA8, AR2, AR8, AA8, AA8, AA8, AA8, AA8, AA6},
	Evt13: {0, 000, AA1, AA8, 000, AA8, AA8, AR3, AA8, AA8, AR10, AR3, AA8, AA6},
	Evt14: {0, 000, 000, 000, 000, 000, 000, 000, AR4, AR9, 0000, 000, AR4, 000},
	Evt15: {0, 000, 000, AA1, AA2, AA1, AA1, AA1, AA1, AA1, AA1, AA1, AA1, 000},
	Evt16: {0, 000, AA2, AA3, 000, AA3, AA3, AA3, AA3, AA3, AA3, AA3, AA3, AA2},
	Evt17: {0, 000, AA5, AA4, AA4, AA4, AA4, AA4, AA4, AA4, AA4, AA4, AA4, AR5},
	Evt18: {0, 000, AA2, 000, 000, 000, 000, 000, 000, 000, 0000, 000, 000, AA2},
	Evt19: {0, 000, AA1, AA8, 000, AA8, AA8, AA8, AA8, AA8, AA8, AA8, AA8, AA7},
}

// leads is the next state of each action and, of the two that have a choice,
// the other one: AE-6 when the provider does not take the request, AR-8 when
// we are the acceptor (PS3.8 tables 9-6 to 9-9).
var leads = [actions + 1]struct{ to, otherwise State }{
	AE1: {to: Sta4}, AE2: {to: Sta5}, AE3: {to: Sta6}, AE4: {to: Sta1},
	AE5: {to: Sta2}, AE6: {Sta3, Sta13}, AE7: {to: Sta6}, AE8: {to: Sta13},
	DT1: {to: Sta6}, DT2: {to: Sta6},
	AR1: {to: Sta7}, AR2: {to: Sta8}, AR3: {to: Sta1}, AR4: {to: Sta13}, AR5: {to: Sta1},
	AR6: {to: Sta7}, AR7: {to: Sta8}, AR8: {Sta9, Sta10}, AR9: {to: Sta11}, AR10: {to: Sta12},
	AA1: {to: Sta13}, AA2: {to: Sta1}, AA3: {to: Sta1}, AA4: {to: Sta1},
	AA5: {to: Sta1}, AA6: {to: Sta13}, AA7: {to: Sta13}, AA8: {to: Sta13},
}

// next is the state machine. An empty cell of the table is an abort by the
// provider, AA-8. For AE-6 and AR-8 it returns the first of two states;
// otherwise names the second.
func next(s State, e Event) (Action, State) {
	a := AA8
	if s <= states && e <= events && table[e][s] != 0 {
		a = table[e][s]
	}
	return a, leads[a].to
}

// otherwise returns the second choice of an action, zero for most.
func otherwise(a Action) State { return leads[a].otherwise }

// eventOf names the arrival of a PDU by its type.
func eventOf(t PDUType) Event {
	switch t {
	case TypeAssociateRQ:
		return Evt6
	case TypeAssociateAC:
		return Evt3
	case TypeAssociateRJ:
		return Evt4
	case TypeDataTF:
		return Evt10
	case TypeReleaseRQ:
		return Evt12
	case TypeReleaseRP:
		return Evt13
	case TypeAbort:
		return Evt16
	}
	return Evt19
}
