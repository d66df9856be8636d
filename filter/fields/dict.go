package fields

// classes is the dictionary, in the order of the listing.
var classes = []Class{}

// aliases are names that 0.29.3 and current libs spell differently.
var aliases = map[string]string{}
