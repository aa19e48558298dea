# The target chainrule_openblas: a static OpenBLAS of the system, of which only what is used is kept, or the shared library
# of the pip package scipy-openblas32, which makes the wheel more than twice as large.
set(CHAINRULE_OPENBLAS "" CACHE STRING "system: a static library of the system where one serves, else pip's; pip: the \
package scipy-openblas32; or the folder or file of a static library; empty: system for a wheel, pip otherwise")
set(CHAINRULE_OPENBLAS_LICENSE "" CACHE FILEPATH "The static library's licence, which asks to travel with it")

# Sets `lacks` to what a static library lacks (openblas/probe.cpp says why), or to nothing, and then `version`.
function(chainrule_judge_openblas library include lacks version)
  set(${lacks} "" PARENT_SCOPE)
  # Without locks two threads could take the same buffer: Debian's serial library is such a one. A run may not show it.
  execute_process(COMMAND ${CMAKE_NM} --undefined-only ${library} OUTPUT_VARIABLE symbols ERROR_QUIET)
  if(NOT symbols MATCHES "pthread_mutex_lock")
    set(${lacks} "it has no locks" PARENT_SCOPE)
    return()
  endif()
  file(TIMESTAMP ${library} time)
  string(MD5 id "${library} ${include} ${time}") # the run is for once
  if(NOT DEFINED openblas_ran_${id})
    find_package(Threads REQUIRED)
    try_run(openblas_ran_${id} openblas_compiled_${id} ${CMAKE_BINARY_DIR}/openblas_probe
      ${PROJECT_SOURCE_DIR}/csrc/kernels/openblas/probe.cpp
      CMAKE_FLAGS -DINCLUDE_DIRECTORIES=${include} LINK_LIBRARIES ${library} Threads::Threads
      RUN_OUTPUT_VARIABLE said)
    set(openblas_said_${id} "${said}" CACHE INTERNAL "What the probe printed")
  endif()
  if(NOT openblas_compiled_${id})
    set(${lacks} "a program does not link with it" PARENT_SCOPE)
  elseif(NOT openblas_ran_${id} EQUAL 0)
    set(${lacks} "${openblas_said_${id}}" PARENT_SCOPE)
  else()
    set(${version} "${openblas_said_${id}}" PARENT_SCOPE)
  endif()
endfunction()

# --- Which one -------------------------------------------------------------------------------------------------------
execute_process(
  COMMAND ${Python_EXECUTABLE} -c "import scipy_openblas32 as b
print(b.get_include_dir(), b.get_lib_dir() + '/' + b.get_library(fullname=True), sep=';')"
  OUTPUT_VARIABLE openblas_pip OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE openblas_pip_result ERROR_QUIET)
set(openblas_pip_licence "")
if(openblas_pip_result EQUAL 0) # pip has laid the licence beside the package
  list(GET openblas_pip 0 folder)
  file(GLOB openblas_pip_licence ${folder}/../../scipy_openblas32-*.dist-info/licenses/LICENSE.txt)
  if(openblas_pip_licence)
    list(GET openblas_pip_licence 0 openblas_pip_licence)
  endif()
endif()

set(openblas_choice "${CHAINRULE_OPENBLAS}")
if(NOT openblas_choice AND SKBUILD)
  set(openblas_choice system)
elseif(NOT openblas_choice) # what is measured and compared while developing is one version
  set(openblas_choice pip)
endif()
set(openblas_candidates "")
if(IS_DIRECTORY "${openblas_choice}")
  file(GLOB openblas_candidates ${openblas_choice}/libopenblas.a ${openblas_choice}/lib/libopenblas.a)
elseif(EXISTS "${openblas_choice}")
  set(openblas_candidates ${openblas_choice})
elseif(openblas_choice STREQUAL "system" AND NOT CMAKE_CROSSCOMPILING) # Debian's; Fedora's, by threads and serial with locks
  file(GLOB openblas_candidates /usr/lib/*/openblas-pthread/libopenblas.a /usr/lib64/libopenblasp.a /usr/lib64/libopenblas.a)
endif()
if(NOT openblas_candidates AND NOT openblas_choice MATCHES "^(pip|system)$")
  message(FATAL_ERROR "CHAINRULE_OPENBLAS: no static library was found at ${openblas_choice}")
endif()

set(openblas_static "")
foreach(candidate IN LISTS openblas_candidates)
  get_filename_component(folder ${candidate} DIRECTORY)
  get_filename_component(name ${folder} NAME) # Debian's headers and licence lie in folders named by the variant
  unset(openblas_include)
  find_path(openblas_include cblas.h HINTS ${folder}/include ${folder}/../include ${folder}
    PATH_SUFFIXES ${name} openblas NO_CACHE)
  file(GLOB licences ${CHAINRULE_OPENBLAS_LICENSE} /usr/share/doc/lib${name}-dev/copyright
    /usr/share/licenses/openblas/LICENSE ${folder}/LICENSE)
  if(NOT openblas_include)
    set(openblas_lacks "its header cblas.h was not found")
  elseif(NOT licences)
    set(openblas_lacks "its licence was not found: set CHAINRULE_OPENBLAS_LICENSE")
  else()
    chainrule_judge_openblas(${candidate} ${openblas_include} openblas_lacks openblas_version)
  endif()
  if(NOT openblas_lacks)
    message(STATUS "OpenBLAS ${openblas_version}: ${candidate}")
    set(openblas_static ${candidate})
    list(GET licences 0 openblas_licence)
    break()
  elseif(NOT openblas_choice STREQUAL "system")
    message(FATAL_ERROR "CHAINRULE_OPENBLAS: ${candidate} does not serve: ${openblas_lacks}")
  endif()
  message(STATUS "OpenBLAS: ${candidate} does not serve: ${openblas_lacks}")
endforeach()

# --- The static one --------------------------------------------------------------------------------------------------
if(openblas_static)
  set(openblas_library ${openblas_static})
  add_library(chainrule_openblas STATIC IMPORTED)
  # A library for many processors holds a table of kernels for each. We keep one family for each of our own instruction
  # sets; the name of any other table stands for the next one that such a processor can run.
  set(openblas_families NEHALEM HASWELL SKYLAKEX)
  execute_process(COMMAND ${CMAKE_NM} --defined-only ${openblas_library} OUTPUT_VARIABLE symbols ERROR_QUIET)
  string(REGEX MATCHALL "D gotoblas_[A-Z0-9_]+" tables "${symbols}")
  list(TRANSFORM tables REPLACE "D gotoblas_" "")
  get_filename_component(openblas_name ${openblas_library} NAME)
  set(openblas_options -Wl,--exclude-libs,${openblas_name} -Wl,--gc-sections)
  foreach(table IN LISTS tables)
    if(table MATCHES "^(COOPERLAKE|SAPPHIRERAPIDS)$")
      set(stand_in SKYLAKEX)
    elseif(table MATCHES "^(ZEN|EXCAVATOR)$")
      set(stand_in HASWELL)
    else()
      set(stand_in NEHALEM)
    endif()
    if(stand_in IN_LIST tables AND NOT table IN_LIST openblas_families)
      list(APPEND openblas_options -Wl,--defsym=gotoblas_${table}=gotoblas_${stand_in})
    endif()
  endforeach()
  target_link_options(chainrule_openblas INTERFACE ${openblas_options})
  # Kernels of complex numbers and what works on several threads: left out, as static.cpp says.
  list(JOIN openblas_families "|" families)
  set(left_out "U i?[cz][A-Za-z0-9_]+_(${families})\n|U [sd][A-Za-z0-9_]+_(thread_[A-Za-z]+|parallel)\n")
  execute_process(COMMAND ${CMAKE_NM} --undefined-only ${openblas_library} OUTPUT_VARIABLE symbols ERROR_QUIET)
  string(REGEX MATCHALL "${left_out}" left_out "${symbols}")
  list(REMOVE_DUPLICATES left_out)
  string(REGEX REPLACE "U ([A-Za-z0-9_]+)\n;?" "extern \"C\" [[gnu::alias(\"chainrule_not_in_this_build\")]] void \\1();\n"
    left_out "${left_out}")
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/generated/kernels/openblas_left_out.h CONTENT "${left_out}")
  add_library(chainrule_openblas_static OBJECT csrc/kernels/openblas/static.cpp)
  target_link_libraries(chainrule_openblas_static PRIVATE chainrule_flags)
  target_include_directories(chainrule_openblas_static PRIVATE ${CMAKE_BINARY_DIR}/generated)
  if(openblas_pip_licence) # the library's own may not name LAPACK, whose routines are in it too; this one does
    set(openblas_lapack_licence ${openblas_pip_licence})
  endif()
else()
  # --- The pip package -------------------------------------------------------------------------------------------------
  if(NOT openblas_pip_result EQUAL 0)
    message(FATAL_ERROR "OpenBLAS was not found. Install it with: ${Python_EXECUTABLE} -m pip install scipy-openblas32")
  endif()
  list(GET openblas_pip 0 openblas_include)
  list(GET openblas_pip 1 openblas_library)
  message(STATUS "OpenBLAS of the pip package: ${openblas_library}")
  set(openblas_shared ${openblas_library}) # to be installed beside the extension
  set(openblas_licence ${openblas_pip_licence})
  add_library(chainrule_openblas SHARED IMPORTED)
  set_source_files_properties(csrc/kernels/blas.cpp csrc/kernels/lapack.cpp
    PROPERTIES COMPILE_DEFINITIONS CHAINRULE_SCIPY_OPENBLAS=1)
endif()
set_target_properties(chainrule_openblas PROPERTIES
  IMPORTED_LOCATION ${openblas_library} INTERFACE_INCLUDE_DIRECTORIES ${openblas_include})
