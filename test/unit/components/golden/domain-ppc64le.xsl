<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0" exclude-result-prefixes="qemu">
  <xsl:output omit-xml-declaration="yes"/>

  <xsl:template match="@*|node()">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="/domain">
    <xsl:copy>
      <xsl:apply-templates select="@*"/>
      <metadata>
        <cluster:cluster xmlns:cluster="urn:x-coreos-cluster:mark">
          <cluster:organization>org</cluster:organization>
          <cluster:project>coreos-cluster</cluster:project>
          <cluster:stack>dev</cluster:stack>
          <cluster:owner>0123456789abcdef0123456789abcdef</cluster:owner>
        </cluster:cluster>
      </metadata>
      <xsl:for-each select="qemu:commandline/qemu:arg[starts-with(@value, 'name=') and contains(@value, ',file=')]">
        <sysinfo type="fwcfg">
          <entry name="{substring-before(substring-after(@value, 'name='), ',file=')}" file="{substring-after(@value, ',file=')}"/>
        </sysinfo>
      </xsl:for-each>
      <xsl:apply-templates select="node()[not(self::qemu:commandline)]"/>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="/domain[@type = 'qemu']/features">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <tcg>
        <tb-cache unit="MiB">128</tb-cache>
      </tcg>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="/domain/devices">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()[not(self::graphics or self::video or self::serial or self::console)]"/>
      <serial type="pty">
        <log file="/var/log/libvirt/qemu/{/domain/name}-console.log" append="off"/>
      </serial>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="/domain/devices/disk[@type = 'volume']">
    <disk type="file">
      <xsl:apply-templates select="@*[name() != 'type']|node()"/>
    </disk>
  </xsl:template>

  <xsl:template match="/domain/devices/disk[@type = 'volume']/source">
    <source>
      <xsl:attribute name="file">
        <xsl:text>/var/lib/libvirt/coreos-cluster/dev-core/</xsl:text>
        <xsl:value-of select="@volume"/>
      </xsl:attribute>
    </source>
  </xsl:template>

  <xsl:template match="/domain/features/pae|/domain/features/apic|/domain/features/acpi" priority="2"/>

  <xsl:template match="/domain/devices/disk[@type = 'volume'][target/@dev = 'vdb']" priority="2">
    <disk type="file">
      <xsl:apply-templates select="@*[name() != 'type']|node()"/>
      <readonly/>
      <serial>ignition</serial>
    </disk>
  </xsl:template>
</xsl:stylesheet>
