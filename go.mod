module scry

go 1.26
