"""Invented names and sentences; no person, school or provider of the demo exists."""

SCHOOLS = (
    ("Alderbrook Academy", "Alderbrook", "Weir Lane", "Alderbrook"),
    ("Brackenfield School", "Brackenfield", "Cutler Road", "Brackenfield"),
    ("Coldwater Park Academy", "Coldwater", "Park Rise", "Coldwater"),
    ("Dunmere High School", "Dunmere", "Tarn Street", "Dunmere"),
    ("Eastmarsh Academy", "Eastmarsh", "Sluice Way", "Eastmarsh"),
    ("Fennick Hall School", "Fennick Hall", "Hall Drive", "Fennick"),
    ("Greystone Green Academy", "Greystone", "The Green", "Greystone"),
)

FAMILY = (
    "Abara", "Ashdown", "Barwick", "Bellweather", "Birchall", "Blakemoor", "Brindle", "Calloway", "Castleton",
    "Chaudhri", "Coldstream", "Copperfield", "Crowhurst", "Dallow", "Darkwood", "Denholm", "Dovecote",
    "Easterly", "Ekholm", "Fallow", "Farrow", "Fenwick", "Flintham", "Garside", "Gilderoy", "Goldring",
    "Hallowes", "Hardacre", "Hartnoll", "Hawksworth", "Hollis", "Ironside", "Jessop", "Kallidis", "Kestrel",
    "Kowalczuk", "Larkspur", "Lindqvist", "Loveday", "Mansoor", "Marchetti", "Merriweather", "Millard",
    "Moorcroft", "Nightingale", "Norbury", "Oakes", "Okonjo", "Olivier", "Pargeter", "Pemberly", "Penrose",
    "Quill", "Rahmani", "Ravenscar", "Redfern", "Rookwood", "Sablewood", "Santoro", "Severn", "Sheldrake",
    "Silverton", "Stavrou", "Strand", "Tamar", "Tarrant", "Thistleton", "Thornbury", "Tolland", "Underhill",
    "Varga", "Venn", "Wainscott", "Wexcombe", "Whitlock", "Winterbourne", "Wolde", "Wyndham", "Yarrow",
    "Zielinski",
)  # fmt: skip

FIRST = (
    "Aisha", "Alfie", "Amara", "Archie", "Ava", "Bilal", "Caitlin", "Callum", "Chidi", "Daisy", "Darius",
    "Dylan", "Ella", "Elias", "Erin", "Ethan", "Farah", "Finley", "Freya", "Gabriel", "Grace", "Hana", "Harvey",
    "Imogen", "Isaac", "Jasmine", "Jayden", "Joel", "Kacper", "Keira", "Kian", "Layla", "Leo", "Logan", "Lola",
    "Maddison", "Malik", "Maya", "Mia", "Milo", "Nadia", "Nathan", "Niamh", "Noah", "Oscar", "Poppy", "Reece",
    "Rosie", "Ruby", "Samir", "Sienna", "Skye", "Tia", "Toby", "Tyler", "Yusuf", "Zara", "Zoë",
)  # fmt: skip

GROWN_UP = (
    "Adele", "Bernard", "Carla", "Dominic", "Elaine", "Fergus", "Gwen", "Hasan", "Ingrid", "Jerome", "Katya",
    "Lucian", "Moira", "Nigel", "Odette", "Patrick", "Renata", "Stefan", "Tamsin", "Victor", "Wendy", "Xenia",
    "Yolanda", "Zahid",
)  # fmt: skip

STREETS = ("Orchard Row", "Chapel Hill", "Station Road", "Mill Lane", "Spring Gardens", "Beacon Close", "Ferry Street")
ETHNICITIES = ("White British", "White British", "Any other White", "Pakistani", "African", "White and Asian", "")
INTERESTS = (
    "motor vehicles",
    "cooking",
    "art and design",
    "animals",
    "football",
    "music technology",
    "hair and beauty",
)

NARRATIVES = (
    "Repeated removal from lessons this term, mostly in larger groups; settles with adults the student knows.",
    "Attendance has fallen since the summer; the student speaks of feeling behind and out of place in class.",
    "Two suspensions for fighting at break; in practical lessons there has been no incident at all.",
    "A long absence for health reasons; the student wants to sit GCSEs and cannot manage a full day in school yet.",
)
IN_HOUSE = (
    "Reduced timetable with a key worker for six weeks, a report card and mentoring: some good weeks.",
    "Small-group maths and English in the inclusion base; attendance rose and fell back when it ended.",
)
APPROPRIATE = (
    "A small setting with practical work every day is more than the school can offer at this point.",
    "The provider teaches in groups of six with a therapist on site, which no school of the trust has.",
)
AIMS = (
    "Attend at least 90 % of sessions; keep up with maths and English; return to school at the end of the period.",
    "Attend at least 85 % of sessions, finish the level 1 award, and join two lessons a week at school by the end.",
)
FAMILY_SAID = (
    "The family would like a fresh start and agreed to the plan; they asked for a weekly call.",
    "Mum was worried about transport and was shown the bus times; both agreed that something has to change.",
)
SUMMARIES = (
    "Settled, arrives on time on most days and asks for help. Work in the folder is up to date.",
    "A good start, then three difficult weeks; the provider moved the student to a smaller group and it has calmed.",
    "Attendance is short of the goal. The family will ring before 09:00; the key worker meets the bus on Mondays.",
)
CONTACT_NOTES = (
    "On time and working well.",
    "Some lateness on Monday, spoken about with the family.",
    "Took part in everything, proud of the finished piece.",
    "Quieter than usual; key worker will check in.",
    "",
)
