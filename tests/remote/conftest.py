from tests.remote import server

clock = server.clock
make_fault = server.make_fault
media = server.media
params = server.params
start = server.start
world = server.world
