// What rude peers make an engine keep. One line each; 0 when none of them gets beyond worst_case_memory.
#pragma once

namespace nacre::sim {

int meet_rude_peers();

}  // namespace nacre::sim
