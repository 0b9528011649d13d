package demo

// First and family names, streets and towns of the synthetic clinic: a mix like
// that of a North American town, with accents, hyphens, apostrophes and double
// surnames, since those are what a portal gets wrong.
var (
	women    = []string{"Maria", "Ruth", "Destiny", "Thanh", "Aisha", "Guadalupe", "Eleanor", "Priya", "Zoë", "Marisol", "Grace", "Ingrid", "Naomi", "Beatriz", "Chloe", "Fatima", "Hannah", "Irene", "Josefina", "Keiko", "Lucía", "Margaret", "Nadia", "Olga", "Patricia", "Renée", "Soledad", "Tamika", "Ursula", "Verónica", "Wanda", "Ximena", "Yolanda", "Abigail", "Brenda", "Carmen", "Dolores", "Esther", "Florence", "Gloria"}
	men      = []string{"José Luis", "Walter", "Samuel", "Duc", "Omar", "Héctor", "Arthur", "Rajesh", "Björn", "Tomás", "Henry", "Lars", "Isaac", "Andrés", "Caleb", "Hassan", "Edward", "George", "Ignacio", "Kenji", "Luis", "Martin", "Nikolai", "Oscar", "Patrick", "René", "Santiago", "Terrell", "Ulrich", "Víctor", "William", "Xavier", "Yusuf", "Aaron", "Benjamin", "Carlos", "Daniel", "Ernest", "Francisco", "Gordon"}
	families = []string{"Alvarez", "Goldberg", "Brown", "Nguyen", "Hassan", "Ortega Ríos", "O'Connor", "Patel", "Ångström", "García Márquez", "Washington", "Lindqvist", "Cohen", "Fernández", "Smith-Jones", "Abdullah", "Miller", "Kowalski", "Muñoz", "Tanaka", "Peña", "Johnson", "Ivanova", "Okafor", "MacDonald", "Dubois", "De la Cruz", "Jackson", "Müller", "Núñez", "Young", "Zamora", "Yılmaz", "Carter", "Davis", "Evans", "Foster", "Gutiérrez", "Hernández", "Ibrahim", "Jensen", "Kim", "Lopez", "Moore", "Nelson", "Ochoa", "Parker", "Quintero", "Robinson", "Sánchez"}
	streets  = []string{"Main Street", "Oak Avenue", "River Road", "Maple Lane", "Second Street", "Church Street", "Elm Court", "Mill Road", "Park Avenue", "Hillside Drive"}
	towns    = []struct{ city, state, zip string }{{"Riverside", "MA", "01001"}, {"Brookfield", "MA", "01506"}, {"Hadley", "MA", "01035"}, {"Granby", "MA", "01033"}, {"Ware", "MA", "01082"}}
)
