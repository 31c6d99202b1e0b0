from tests.remote import server, streams

clock = server.clock
make_fault = server.make_fault
media = server.media
params = server.params
start = server.start
streams = streams.streams
world = server.world
