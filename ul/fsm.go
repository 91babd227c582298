package ul

// State is Sta1 to Sta13 of PS3.8 table 9-10.
type State uint8

// Event is Evt1 to Evt19 of PS3.8 table 9-10.
type Event uint8

// Action is one of AE-1 … AR-10 of PS3.8 tables 9-6 to 9-9.
type Action uint8
