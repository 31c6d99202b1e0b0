from tests.remote import server, streams

clock = server.clock
make_fault = server.make_fault
media = server.media
params = server.params
serve = streams.serve
start = server.start
streams = streams.streams
world = server.world
