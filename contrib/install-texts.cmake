# SPDX-License-Identifier: GPL-2.0-or-later
# Run by `cmake --install`: writes units, man page and documents into BULKHEAD_TEXTS as they are to be installed.
# Set are BULKHEAD_BINDIR, BULKHEAD_DATADIR and BULKHEAD_DOCDIR, without DESTDIR.

# Places below /usr become those below the prefix.
function(write_text from to)
	file(READ ${from} text)
	if(ARGN)
		cmake_language(CALL ${ARGN})
	endif()
	string(REGEX REPLACE "/usr/bin/bulkhead([^-A-Za-z0-9_/])" "${BULKHEAD_BINDIR}/bulkhead\\1" text "${text}")
	string(REPLACE "/usr/share/doc/bulkhead/" "${BULKHEAD_DOCDIR}/" text "${text}")
	string(REPLACE "/usr/share/bulkhead/" "${BULKHEAD_DATADIR}/bulkhead/" text "${text}")
	file(WRITE ${to} "${text}")
endfunction()

# README and documents lie in one folder when they are installed: contrib/docs/README.md, the index, is index.md there,
# samples are in examples/, and sources are not there, so that a link to one becomes its name.
macro(link_flat)
	string(REPLACE "](README.md" "](index.md" text "${text}")
	string(REPLACE "](contrib/docs/README.md" "](index.md" text "${text}")
	string(REPLACE "](contrib/docs/" "](" text "${text}")
	string(REPLACE "](../../README.md" "](README.md" text "${text}")
	string(REGEX REPLACE "\\]\\((\\.\\./|contrib/)flows" "](examples/flows" text "${text}")
	string(REPLACE "](../bulkhead.json" "](examples/bulkhead.json" text "${text}")
	string(REGEX REPLACE "\\[([^]]+)\\]\\((\\.\\./)*(enforcer|rules|tests|contrib)/[^)]*\\)" "\\1" text "${text}")
endmacro()

foreach(unit bulkhead bulkhead-verify)
	write_text(${CMAKE_CURRENT_LIST_DIR}/${unit}.service ${BULKHEAD_TEXTS}/${unit}.service)
endforeach()
write_text(${CMAKE_CURRENT_LIST_DIR}/man/bulkhead.8 ${BULKHEAD_TEXTS}/bulkhead.8)

file(REMOVE_RECURSE ${BULKHEAD_TEXTS}/docs)
file(GLOB documents ${CMAKE_CURRENT_LIST_DIR}/docs/*.md)
foreach(document IN LISTS documents)
	cmake_path(GET document FILENAME name)
	string(REPLACE "README.md" "index.md" name ${name})
	write_text(${document} ${BULKHEAD_TEXTS}/docs/${name} link_flat)
endforeach()
write_text(${CMAKE_CURRENT_LIST_DIR}/../README.md ${BULKHEAD_TEXTS}/docs/README.md link_flat)
