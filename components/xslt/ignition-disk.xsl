<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/domain/devices/disk[@type = 'volume'][target/@dev = 'vdb']" priority="2">
    <disk type="file">
      <xsl:apply-templates select="@*[name() != 'type']|node()"/>
      <readonly/>
      <serial>ignition</serial>
    </disk>
  </xsl:template>
</xsl:stylesheet>
